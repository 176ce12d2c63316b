/** Notes of a schedule as the lines of --show-scores and --show-utilization (spec/scheduler-2 section 24). */
import { scoreText } from "../base/score.ts";
import type { Note } from "../scheduler/board.ts";

/** Labels of the steps: literal words of the format. */
const LABELS: Readonly<Record<string, string>> = {
  primitive: "pcmk__primitive_assign",
  group: "pcmk__group_assign",
  clone: "pcmk__clone_assign",
  bundle: "pcmk__bundle_assign",
  utilization: "pcmk__assign_resource",
};

/** The word for the step that a note comes from. */
export const stepLabel = (step: Note["step"]): string => LABELS[step] ?? step;

function valuesText(values: ReadonlyMap<string, number> | undefined): string {
  return [...(values ?? [])].map(([name, value]) => ` ${name}=${value}`).join("");
}

function line(note: Note): string {
  switch (note.step) {
    case "capacity":
      return `${note.label}: ${note.node} capacity:${valuesText(note.values)}`;
    case "utilization":
      return `${stepLabel(note.step)}: ${note.resource} utilization on ${note.node}:${valuesText(note.values)}`;
    case "promotion": {
      const score = scoreText(note.score ?? 0);
      if (note.node === undefined) return `${note.resource} promotion score (inactive): ${score}`;
      return `${note.resource} promotion score on ${note.node}: ${score}`;
    }
    default:
      return `${stepLabel(note.step)}: ${note.resource} allocation score on ${note.node}: ${scoreText(note.score ?? 0)}`;
  }
}

export function scoreLines(notes: readonly Note[]): string[] {
  return notes.map(line);
}
