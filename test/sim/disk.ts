/** A node's disk: whole files that appear at once, as write-fsync-rename does. It survives crashes. */
export class Disk {
  private readonly files = new Map<string, Uint8Array>();
  /** Writes carried out, for the statistics of a run. */
  writes = 0;
  /** Chance that a write of the manager finds no room; small files may still find some. */
  fullness = 0;
  /** Longest time that a write of the manager takes; its process stands still meanwhile. */
  slowMs = 0;

  heal(): void {
    this.fullness = 0;
    this.slowMs = 0;
  }

  read(path: string): Uint8Array | undefined {
    return this.files.get(path);
  }

  persist(path: string, data: Uint8Array | undefined): void {
    this.writes++;
    if (data === undefined) this.files.delete(path);
    else this.files.set(path, data);
  }
}
