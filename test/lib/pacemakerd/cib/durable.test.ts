/** Rank and loss of changes at the edges of a membership (HOUSE rules 2, 4 and 5). */
import { describe, expect, test } from "bun:test";
import { emptyCib } from "../../../../lib/cib/empty.ts";
import { encodeMessage, type Message, tryDecode } from "../../../../lib/pacemakerd/messages.ts";
import { GroupPort } from "../../../../lib/pacemakerd/ring.ts";
import { attr } from "../../../../lib/xml/node.ts";
import { writeXml } from "../../../../lib/xml/write.ts";
import { Lone } from "../lone.ts";

const change = (value: number) =>
  '<cib_command t="cib" cib_op="cib_modify" cib_section="crm_config" cib_callid="2" cib_callopt="4104"><cib_calldata>' +
  `<crm_config><cluster_property_set id="s"><nvpair id="s-a" name="a" value="${value}"/></cluster_property_set></crm_config>` +
  "</cib_calldata></cib_command>";

function said<Kind extends Message["kind"]>(lone: Lone, kind: Kind) {
  return lone.effects.flatMap((effect) => {
    if (effect.kind !== "multicast") return [];
    const message = tryDecode(effect.body.subarray(13));
    return message?.kind === kind ? [message as Extract<Message, { kind: Kind }>] : [];
  });
}

function alone(lone: Lone, ringSeq: number, quorate: boolean): void {
  const members = [{ nodeId: 1, processId: 7 }];
  const ringId = `1.${ringSeq.toString(16)}`;
  lone.post({ kind: "cpg-configuration", members, ringId, ringSeq, ringMembers: [1] });
  const votes = [[1, 1]] as const;
  const neededVotes = quorate ? 1 : 2;
  lone.post({
    kind: "quorum",
    quorate,
    ringSeq,
    nodes: [1],
    expectedVotes: neededVotes,
    neededVotes,
    votes,
  });
}

describe("the rank of a CIB", () => {
  test("counts a change when our word on it came back in the same membership, not before", () => {
    const lone = new Lone().join();
    lone.ask("cib_rw", change(1));
    const before = lone.core.view.durable.quoratePosition;
    lone.ask("cib_rw", change(2));
    expect(lone.core.view.durable.quoratePosition).toBeGreaterThan(before);
    // The next change is delivered, but the ring ends before our word on it is: others may have missed what we have.
    const ranked = lone.core.view.durable.quoratePosition;
    lone.swallows = (kind) => kind === "seen";
    const answers = lone.ask("cib_rw", change(3));
    expect(answers).toEqual([]);
    lone.swallows = () => false;
    alone(lone, 12, false);
    const statement = said(lone, "statement").at(-1)!;
    expect([statement.quorateSeq > 0, statement.quoratePosition]).toEqual([true, ranked]);
    expect(statement.epoch).toBe(lone.core.view.doc.version.epoch);
  });
});

describe("without quorum", () => {
  test("a change is accepted, the reply says so, and it does not enter the rank", () => {
    const lone = new Lone().join();
    lone.ask("cib_rw", change(1));
    alone(lone, 12, false);
    const ranked = lone.core.view.durable.quoratePosition;
    const [reply] = lone.ask("cib_rw", change(2));
    expect(attr(reply!.xml, "cib_rc")).toBe("0");
    expect(attr(reply!.xml, "quorate-note")).toContain("changed without quorum");
    expect(lone.core.view.durable.quoratePosition).toBe(ranked);
    alone(lone, 16, true);
    const [again] = lone.ask("cib_rw", change(3));
    expect(attr(again!.xml, "quorate-note")).toBeUndefined();
  });

  test("what was so changed before a restart is still named when it loses a merge", () => {
    const withoutQuorum = "0.9.0";
    const stored = { cib: undefined, quorateSeq: 3, quoratePosition: 5, promised: 3 };
    const lone = new Lone({ stored: { ...stored, withoutQuorum, backupSequence: 0 } });
    const members = [
      { nodeId: 1, processId: 7 },
      { nodeId: 2, processId: 9 },
    ];
    const ring = { ringId: "1.8", ringSeq: 8, ringMembers: [1, 2] };
    lone.post({ kind: "cpg-configuration", members, ...ring });
    const own = said(lone, "statement").at(-1)!;
    const port = new GroupPort(members[1]!);
    const fromOther = (message: Message) => {
      for (const body of port.send(encodeMessage(message))) {
        lone.post({ kind: "cpg-deliver", from: members[1]!, body });
      }
    };
    const rank = { quorateSeq: 4, quoratePosition: 1 };
    fromOther({ ...own, uname: "n2", ...rank, epoch: 2, digest: "another" });
    const body = writeXml(emptyCib({ epoch: 2 }).root, { indent: false });
    const { label } = own;
    fromOther({ kind: "state", label, ...rank, joined: [], names: [], body });
    expect(lone.logs("warning").join()).toMatch(/0\.9\.0 .*changed without quorum, lost the merge/);
    expect(lone.core.view.durable.quorateSeq).toBe(4);
  });
});
