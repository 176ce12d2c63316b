/** The level `options`: a person's preferences. */
import {
  choicesOf,
  type OptionName,
  optionNames,
  optionsPath,
  optionsText,
  withOption,
} from "../options.ts";
import type { Command, Level, Shell } from "./shell.ts";

const SUMMARIES: Readonly<Record<OptionName, string>> = {
  "skill-level": "set skill level",
  editor: "set preferred editor program",
  pager: "set preferred pager program",
  user: "set the cluster user",
  output: "set output type",
  colorscheme: "set colors for output",
  "check-frequency": "when to perform semantic check",
  "check-mode": "how to treat semantic errors",
  "sort-elements": "sort CIB elements",
  wait: "synchronous operation",
  "add-quotes": "add quotes around parameters containing spaces",
  "manage-children": "how to handle children resource attributes",
};

function optionCommand(name: OptionName): Command {
  return {
    name,
    summary: SUMMARIES[name],
    usage: choicesOf(name).length > 0 ? `{${choicesOf(name).join("|")}}` : "<value>",
    min: 1,
    max: 1,
    async run(shell, [value = ""]) {
      const next = withOption(shell.options, name, value);
      if (typeof next === "string") {
        shell.error(next);
        return false;
      }
      shell.options = next;
      // One command or a script ends soon; a preference set there is meant to stay.
      if (!shell.interactive && !shell.readingPreferences) await savePreferences(shell);
      return true;
    },
    complete: async () => choicesOf(name),
  };
}

async function savePreferences(shell: Shell): Promise<void> {
  await shell.ports.host.writeText(optionsPath(shell.ports.host.env), optionsText(shell.options));
}

const plain: readonly Command[] = [
  {
    name: "show",
    summary: "show current user preference",
    usage: "",
    min: 0,
    max: 0,
    async run(shell) {
      shell.say(optionNames.map((name) => `${name} "${shell.options[name]}"`).join("\n"));
      return true;
    },
  },
  {
    name: "save",
    summary: "save the user preference to the rc file",
    usage: "",
    min: 0,
    max: 0,
    async run(shell) {
      await savePreferences(shell);
      return true;
    },
  },
];

export const options: Level = {
  name: "options",
  title: "Preferences of the person who types.",
  below: [],
  commands: [...optionNames.map(optionCommand), ...plain],
};
