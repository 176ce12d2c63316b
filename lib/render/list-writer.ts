/**
 * The text formatter of today's tools (spec/outputs-and-tools A2): nested lists, a bullet from the second level on, and a
 * quiet form without headers and bullets.
 */
export class ListWriter {
  readonly lines: string[] = [];
  private depth = 0;

  constructor(private readonly fancy = true) {}

  private prefix(): string {
    return this.depth === 0 ? "" : `${"  ".repeat(this.depth)}* `;
  }

  /** Opens a list; its header line is left out when empty. */
  begin(header: string): void {
    if (this.fancy && header !== "") this.lines.push(`${this.prefix()}${header}:`);
    this.depth += 1;
  }

  item(text: string): void {
    this.lines.push(this.fancy ? `${this.prefix()}${text}` : text);
  }

  end(): void {
    this.depth -= 1;
  }

  /** A whole list at once. */
  list(header: string, items: readonly string[]): void {
    this.begin(header);
    for (const item of items) this.item(item);
    this.end();
  }

  /** One empty line. */
  space(): void {
    this.lines.push("");
  }

  /** All lines, ending with a newline; "" when nothing was written. */
  text(): string {
    return this.lines.length === 0 ? "" : `${this.lines.join("\n")}\n`;
  }
}
