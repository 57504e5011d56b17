/**
 * The event log of this kernel, for download. Blobs keep it outside the worker's memory: a day of queries is hundreds of
 * megabytes, and browsers put large blobs on disk.
 */

const CHUNK_CHARS = 1 << 20;

export class EventLog {
  private readonly chunks: Blob[] = [];
  private lines: string[] = [];
  private chars = 0;

  /** Takes events in, a line of JSON each. */
  add(events: string[]): void {
    for (const line of events) {
      this.lines.push(line, "\n");
      this.chars += line.length + 1;
    }
    if (this.chars < CHUNK_CHARS) return;
    this.chunks.push(new Blob(this.lines));
    this.lines = [];
    this.chars = 0;
  }

  /** All of it. */
  blob(): Blob {
    return new Blob([...this.chunks, ...this.lines], { type: "application/x-ndjson" });
  }
}
