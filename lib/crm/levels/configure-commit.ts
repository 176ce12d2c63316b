/**
 * verify, commit, ptest and leaving the level. A commit is the difference between the version that was read and the edited
 * one, and carries the former: what somebody else changed meanwhile is never overwritten (HOUSE rule 7).
 */
import { isRejection } from "../../base/error.ts";
import { versionText } from "../../cib/document.ts";
import { element } from "../../xml/node.ts";
import { writeXml } from "../../xml/write.ts";
import { editedDoc } from "../edit.ts";
import { carryOver, overManagersOwn } from "../merge.ts";
import { type ConfigObject, listObjects, orderObjects, schemaOf } from "../objects.ts";
import { isChanged, openCopy, type WorkingCopy } from "../working-copy.ts";
import { checkObject } from "./checks.ts";
import { showText } from "./configure-show.ts";
import type { Command, Shell } from "./shell.ts";

/** Objects whose checks matter: those that changed, or all for an explicit verify. */
function objectsToCheck(copy: WorkingCopy, all: boolean): readonly ConfigObject[] {
  const before = new Map(
    listObjects(copy.base.root).map((o) => [`${o.kind.word}:${o.id}`, o.element]),
  );
  return orderObjects(listObjects(copy.root), true).filter((o) => {
    const old = before.get(`${o.kind.word}:${o.id}`);
    return all || old === undefined || (old !== o.element && writeXml(old) !== writeXml(o.element));
  });
}

/** Whether the person wants the shell's own checks now: always, for an explicit verify only, or never. */
function checked(shell: Shell, explicit: boolean): boolean {
  const when = shell.options["check-frequency"];
  return when === "always" || (when === "on-verify" && explicit);
}

/** Runs crm_verify's checks and the shell's own; true when a commit may go on. */
export async function verifyCopy(shell: Shell, copy: WorkingCopy, all: boolean): Promise<boolean> {
  const verdict = await shell.ports.cluster.verify(editedDoc(copy));
  for (const line of verdict.lines) shell.terminal.err(`${line}\n`);
  let errors = 0;
  const relaxed = shell.options["check-mode"] === "relaxed";
  for (const object of checked(shell, all) ? objectsToCheck(copy, all) : []) {
    const found = await checkObject(copy.root, object, shell.ports.agents);
    const messages = relaxed ? found.map((m) => ({ ...m, level: "warning" as const })) : found;
    shell.tell(messages);
    errors += messages.filter((m) => m.level === "error").length;
  }
  return !verdict.failed && errors === 0;
}

/** Verifies and sends the changes. False when nothing was written, which was said. */
async function commitCopy(shell: Shell, force: boolean): Promise<boolean> {
  const copy = shell.copy;
  if (copy === undefined || !isChanged(copy)) {
    shell.info("apparently there is nothing to commit");
    shell.info("try changing something first");
    return true;
  }
  if (!(await verifyCopy(shell, copy, false))) {
    if (force || shell.switches.force) shell.info("commit forced");
    else if (!(await shell.confirm("Do you still want to commit? ", false))) return false;
  }
  return await send(shell, copy);
}

async function send(shell: Shell, copy: WorkingCopy): Promise<boolean> {
  const done = await write(shell, copy);
  if (!done) shell.writeFailed = true;
  return done;
}

async function write(shell: Shell, copy: WorkingCopy): Promise<boolean> {
  const outcome = await shell.ports.cib.commit(copy.base, editedDoc(copy));
  if (outcome.kind === "done") {
    shell.copy = openCopy(await shell.ports.cib.query());
    if (shell.switches.wait || shell.options.wait === "yes") await shell.ports.cluster.settle();
    return true;
  }
  if (outcome.kind === "refused") {
    shell.error(`could not commit: ${outcome.text}`);
    return false;
  }
  const root = overManagersOwn(copy.base.root, copy.root, outcome.current.root);
  if (root !== undefined) {
    shell.copy = { base: outcome.current, root };
    return await write(shell, shell.copy);
  }
  const now = versionText(outcome.current.version);
  shell.error(
    `could not commit: the configuration was changed elsewhere meanwhile ` +
      `(read version ${versionText(outcome.read)}, now ${now}); nothing was written`,
  );
  if (!shell.interactive) {
    shell.info("run the commands again on the new version");
    return false;
  }
  return await offerRetry(shell, copy, openCopy(outcome.current));
}

/** After somebody else's change: show it, and on request make our changes again on top of it. */
async function offerRetry(shell: Shell, mine: WorkingCopy, theirs: WorkingCopy): Promise<boolean> {
  if (await shell.confirm("Show what was changed elsewhere? ", false)) {
    const difference = { base: mine.base, root: theirs.root };
    const changed = objectsToCheck(difference, false);
    shell.say(showText(difference, changed, true));
    const left = new Set(listObjects(theirs.root).map((o) => o.id));
    for (const object of listObjects(mine.base.root)) {
      if (!left.has(object.id)) shell.say(`# ${object.id} was deleted`);
    }
  }
  if (!(await shell.confirm("Make your changes on the new version and try again? ", false))) {
    return false;
  }
  const root = carryOver(mine.base.root, mine.root, theirs.root);
  if (isRejection(root)) {
    shell.error(`your changes do not fit on the new version: ${root.text}`);
    shell.info("refresh drops them and reads the new version");
    return false;
  }
  shell.copy = { base: theirs.base, root };
  return await commitCopy(shell, false);
}

const verify: Command = {
  name: "verify",
  summary: "verify the CIB with crm_verify",
  usage: "",
  min: 0,
  max: 0,
  help: "Checks the edited configuration: its form, what the scheduler says of it, agents and parameters.",
  async run(shell) {
    return await verifyCopy(shell, await shell.workingCopy(), true);
  },
};

const commit: Command = {
  name: "commit",
  summary: "commit the changes to the CIB",
  usage: "[force]",
  min: 0,
  max: 1,
  help: `
Checks the changes and writes them to the cluster. With errors nothing is written, unless forced. If
somebody else changed the configuration since it was read, nothing is written either; what the
cluster writes of itself, such as entries of new nodes, is no such change.`,
  async run(shell, [word]) {
    if (word !== undefined && word !== "force") {
      shell.error(`syntax: commit ${word}`);
      return false;
    }
    return await commitCopy(shell, word === "force");
  },
  complete: async () => ["force"],
};

const refresh: Command = {
  name: "refresh",
  summary: "refresh from CIB",
  usage: "",
  min: 0,
  max: 0,
  help: "Reads the configuration again and drops all changes that were not committed.",
  async run(shell) {
    const changed = shell.copy !== undefined && isChanged(shell.copy);
    if (
      changed &&
      !(await shell.confirm("All changes will be dropped. Do you want to proceed? ", true))
    ) {
      return true;
    }
    shell.copy = openCopy(await shell.ports.cib.query());
    return true;
  },
};

const ptest: Command = {
  name: "ptest",
  aliases: ["simulate"],
  summary: "show cluster actions if changes were committed",
  usage: "[nograph] [v...] [scores] [actions] [utilization]",
  min: 0,
  max: 5,
  help: "Asks the scheduler what it would do with the edited configuration. Nothing is changed.",
  async run(shell, words) {
    const unknown = words.find((w) => !/^(nograph|v+|scores|actions|utilization)$/.test(w));
    if (unknown !== undefined) {
      shell.error(`syntax: ptest ${words.join(" ")}`);
      return false;
    }
    const copy = await shell.workingCopy();
    shell.say(
      await shell.ports.cluster.simulate(editedDoc(copy), {
        scores: words.includes("scores"),
        utilization: words.includes("utilization"),
      }),
    );
    return true;
  },
  complete: async () => ["nograph", "scores", "actions", "utilization"],
};

/** Leaving with changes: a person is asked, a script commits. False keeps the level open. */
export async function leaveConfigure(shell: Shell): Promise<boolean> {
  const ask = "There are changes pending. Do you want to commit them? ";
  if (!(await shell.confirm(ask, true))) return true;
  const done = await commitCopy(shell, false);
  // crmsh 1.2.6, which works on schemas before 2.0, ends a script with success all the same; newer ones do not.
  if (!done && schemaOf(shell.copy?.root ?? element("cib")) >= 2) shell.writeFailed = true;
  return done || !shell.interactive;
}

export const commitCommands: readonly Command[] = [verify, commit, refresh, ptest];
