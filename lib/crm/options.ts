/** Preferences of a person (spec/crm-commands.md section 6): values, what is allowed, and their file's text. */

export interface UserOptions {
  readonly "skill-level": string;
  readonly editor: string;
  readonly pager: string;
  readonly user: string;
  readonly output: string;
  readonly colorscheme: string;
  readonly "check-frequency": string;
  readonly "check-mode": string;
  readonly "sort-elements": string;
  readonly wait: string;
  readonly "add-quotes": string;
  readonly "manage-children": string;
}

export type OptionName = keyof UserOptions;

export const defaultOptions: UserOptions = {
  "skill-level": "expert",
  editor: "vi",
  pager: "less",
  user: "",
  output: "color",
  colorscheme: "yellow,normal,cyan,red,green,magenta",
  "check-frequency": "always",
  "check-mode": "strict",
  "sort-elements": "yes",
  wait: "no",
  "add-quotes": "yes",
  "manage-children": "ask",
};

/** Allowed words, where only some are. */
const CHOICES: Partial<Readonly<Record<OptionName, readonly string[]>>> = {
  "skill-level": ["operator", "administrator", "expert"],
  output: ["plain", "color", "uppercase"],
  "check-frequency": ["always", "on-verify", "never"],
  "check-mode": ["strict", "relaxed"],
  "manage-children": ["ask", "never", "always"],
};

const YES = new Set(["yes", "true", "on", "1"]);
const NO = new Set(["no", "false", "off", "0"]);
const SWITCHES = new Set<OptionName>(["sort-elements", "wait", "add-quotes"]);

export const optionNames = Object.keys(defaultOptions) as readonly OptionName[];

export function choicesOf(name: OptionName): readonly string[] {
  return SWITCHES.has(name) ? ["yes", "no"] : (CHOICES[name] ?? []);
}

/** The options with one changed, or a text that says what is allowed. */
export function withOption(
  options: UserOptions,
  name: OptionName,
  value: string,
): UserOptions | string {
  if (SWITCHES.has(name)) {
    if (YES.has(value)) return { ...options, [name]: "yes" };
    if (NO.has(value)) return { ...options, [name]: "no" };
    return `${name}: ${value} is neither yes nor no`;
  }
  const allowed = CHOICES[name];
  if (allowed !== undefined && !allowed.includes(value)) {
    return `${name}: ${value} not valid (choose one from ${allowed.join(",")})`;
  }
  return { ...options, [name]: value };
}

/** The file ~/.config/crm/rc: commands of the options level. */
export function optionsText(options: UserOptions): string {
  const lines = optionNames
    .filter((name) => options[name] !== "")
    .map((name) => `${name} "${options[name]}"`);
  return `options\n${lines.join("\n")}\nend\n`;
}

/** Where preferences are kept. */
export function optionsPath(env: Readonly<Record<string, string | undefined>>): string {
  const config = env["XDG_CONFIG_HOME"] ?? `${env["HOME"] ?? ""}/.config`;
  return `${config}/crm/rc`;
}
