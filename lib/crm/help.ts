/** Help as text: the list of a level and the page of one command. The words are ours; one-line summaries are the seed's. */

/** What the help needs of a command and of a level. */
export interface Described {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly usage: string;
  readonly help?: string;
  readonly hidden?: boolean;
}

export interface DescribedLevel {
  readonly name: string;
  readonly title: string;
  readonly below: readonly {
    readonly name: string;
    readonly summary: string;
    readonly before?: string;
  }[];
  readonly commands: readonly Described[];
}

const COMMON: readonly (readonly [string, string])[] = [
  ["help,?", "show help (help topics for list of topics)"],
  ["end,cd,up", "go back one level"],
  ["quit,bye,exit", "exit the program"],
];

function row(name: string, summary: string): string {
  return `\t${name.padEnd(16)} ${summary}`;
}

/** Commands and levels below in the order of the help. */
function entries(level: DescribedLevel): readonly (readonly [string, string])[] {
  const rows: (readonly [string, string])[] = [];
  const below = [...level.below];
  for (const command of level.commands) {
    for (const b of below.filter((x) => x.before === command.name)) rows.push([b.name, b.summary]);
    if (command.hidden !== true) rows.push([command.name, command.summary]);
  }
  for (const b of below.filter((x) => x.before === undefined)) rows.push([b.name, b.summary]);
  return rows;
}

export function helpLevel(level: DescribedLevel): string {
  const rows = [...entries(level), ...COMMON].map(([name, summary]) => row(name, summary));
  return `\n${level.title}\n\nAvailable commands:\n\n${rows.join("\n")}\n`;
}

function page(level: DescribedLevel, command: Described): string {
  const also =
    command.aliases === undefined || command.aliases.length === 0
      ? ""
      : `\nAlso: ${command.aliases.join(", ")}\n`;
  const more = command.help === undefined ? "" : `\n${command.help.trim()}\n`;
  const where = level.name === "top" ? "" : ` (${level.name})`;
  return `${command.name}${where}: ${command.summary}\n${more}\nUsage:\n\n        ${command.name} ${command.usage}\n${also}`;
}

/** The page of a command (of this level first), of a level, or the list of topics. */
export function helpTopic(
  topic: string,
  here: DescribedLevel,
  levels: Readonly<Record<string, DescribedLevel>>,
): string | undefined {
  if (topic === "topics") return topics(levels);
  for (const level of [here, ...Object.values(levels)]) {
    const command = level.commands.find((c) => c.name === topic || c.aliases?.includes(topic));
    if (command !== undefined) return page(level, command);
  }
  const level = levels[topic];
  if (level !== undefined) return helpLevel(level);
  const common = COMMON.find(([names]) => names.split(",").includes(topic));
  return common === undefined ? undefined : `${common[0]}: ${common[1]}`;
}

function topics(levels: Readonly<Record<string, DescribedLevel>>): string {
  const lines = Object.values(levels).map(
    (level) =>
      `${level.name}: ${entries(level)
        .map(([name]) => name)
        .join(" ")}`,
  );
  return `Topics (help TOPIC):\n\n${lines.join("\n\n")}\n`;
}
