/** Primitives (spec/scheduler-1 section C.4; spec/scheduler-2 section 7). */
import { createPrimitiveActions } from "../actions/primitive-actions.ts";
import { probePrimitive } from "../actions/probes.ts";
import { assignPrimitive } from "../assign/choose.ts";
import { addThisWith, addWithThis } from "../assign/colocations.ts";
import { addPrimitiveConstraints } from "../constraints/implied.ts";
import { addLocationScores } from "../criteria/criteria.ts";
import { evaluatePrimitive } from "../ordering/primitive-rules.ts";
import type { Variant } from "./variant.ts";

export const primitive: Variant = {
  assign: assignPrimitive,
  createConstraints: addPrimitiveConstraints,
  createActions: createPrimitiveActions,
  createProbe: probePrimitive,

  applyLocation(_book, rsc, location) {
    if (location.role !== 0 && location.role !== rsc.nextRole) return;
    addLocationScores(rsc, location);
  },

  collectThisWith(book, rsc, asker, into) {
    if (rsc !== asker) {
      addThisWith(
        rsc.thisWith.filter((c) => c.explicit),
        into,
      );
      return;
    }
    addThisWith(rsc.thisWith, into);
    const { parent } = rsc;
    if (parent !== undefined) book.kind(parent).collectThisWith(book, parent, asker, into);
  },

  collectWithThis(book, rsc, asker, into) {
    if (rsc !== asker) {
      addWithThis(
        rsc.withThis.filter((c) => c.explicit),
        into,
      );
      return;
    }
    addWithThis(rsc.withThis, into);
    const { parent } = rsc;
    if (parent !== undefined) book.kind(parent).collectWithThis(book, parent, asker, into);
  },

  flagsOf(_book, action) {
    return action.flags;
  },

  evaluate(book, evaluation) {
    const change = evaluatePrimitive(evaluation);
    const { then } = evaluation;
    if (change.then && then.rsc?.parent !== undefined) book.update(then);
    return change;
  },

  addToGraph(_book, rsc, emit) {
    for (let i = rsc.actions.length - 1; i >= 0; i--) emit(rsc.actions[i]!);
  },
};
