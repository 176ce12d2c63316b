/** Ctrl-R: an incremental search backwards through the history, drawn over readline's line until a key ends it. */
import type { Interface, Key } from "node:readline";

interface Screen {
  write(text: string): unknown;
}

export class HistorySearch {
  readonly #readline: Interface;
  readonly #screen: Screen;
  readonly #history: () => readonly string[];
  #active = false;
  #term = "";
  #index = 0;

  constructor(readline: Interface, screen: Screen, history: () => readonly string[]) {
    this.#readline = readline;
    this.#screen = screen;
    this.#history = history;
  }

  /** While a search goes on, keys are taken from readline, which gets each by this method of its own. */
  attach(): void {
    const original = this.#readline as unknown as {
      _ttyWrite: (text: string | undefined, key: Key | undefined) => void;
    };
    const write = original._ttyWrite.bind(this.#readline);
    original._ttyWrite = (text, key) => {
      // Text that a program writes comes without a key.
      if (key === undefined || !this.#key(text, key)) write(text, key);
    };
  }

  /** True when the key was for the search. */
  #key(text: string | undefined, key: Key): boolean {
    if (key.ctrl === true && key.name === "r") {
      if (this.#active) this.#index++;
      else this.#start();
      this.#draw();
      return true;
    }
    if (!this.#active) return false;
    if (key.name === "backspace") {
      this.#term = this.#term.slice(0, -1);
      this.#index = 0;
    } else if (
      (key.ctrl === true && (key.name === "g" || key.name === "c")) ||
      key.name === "escape"
    ) {
      this.#end("");
      return true;
    } else if (
      text !== undefined &&
      key.ctrl !== true &&
      key.meta !== true &&
      /^[^\u0000-\u001f]+$/.test(text)
    ) {
      this.#term += text;
      this.#index = 0;
    } else {
      // Any other key takes the line found and does what it does.
      this.#end(this.#found() ?? "");
      return false;
    }
    this.#draw();
    return true;
  }

  #start(): void {
    this.#active = true;
    this.#term = "";
    this.#index = 0;
  }

  #found(): string | undefined {
    if (this.#term === "") return undefined;
    const hits = this.#history().filter((line) => line.includes(this.#term));
    this.#index = Math.min(this.#index, Math.max(0, hits.length - 1));
    return hits[this.#index];
  }

  #draw(): void {
    this.#screen.write(`\r\u001b[K(reverse-i-search)\`${this.#term}': ${this.#found() ?? ""}`);
  }

  #end(line: string): void {
    this.#active = false;
    this.#screen.write("\r\u001b[K");
    this.#readline.write(null, { ctrl: true, name: "u" });
    if (line !== "") this.#readline.write(line);
    else this.#readline.prompt(true);
  }
}
