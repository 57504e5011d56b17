/**
 * Requests of blocked threads to the storage worker, through memory that both see.
 *
 * A blocked thread has no event loop, so it cannot await a message. It writes a request into a slot, rings the bell and waits on
 * the slot with `Atomics.wait`; the storage worker waits on the bell with `Atomics.waitAsync`, does the I/O straight from or into
 * the same memory, and wakes the slot. The memory is the engine's own (`crates/kindling-wasm/src/storage/ring.rs` mirrors this layout)
 * or a SharedArrayBuffer of the kernel worker, for Python's files.
 *
 * Layout in 32-bit words from the ring's start: word 0 is the bell, word 1 the number of slots; slots follow from word 16.
 */

export const RING_HEADER_WORDS = 16;
export const SLOT_WORDS = 16;

/** Words of a slot. Addresses are bytes from the start of the memory. */
export const enum Word {
  State = 0,
  Operation = 1,
  Status = 2,
  Path = 3,
  PathLength = 4,
  Buffer = 5,
  BufferLength = 6,
  OffsetLow = 7,
  OffsetHigh = 8,
  ResultLow = 9,
  ResultHigh = 10,
  Flags = 11,
  TimeLow = 12,
  TimeHigh = 13,
}

export const enum State {
  Free = 0,
  Claimed = 1,
  Requested = 2,
  Running = 3,
  Done = 4,
}

export const enum Operation {
  /** Result: size; flags: 1 for a directory; time: last modification in milliseconds. */
  Stat = 1,
  /** Buffer: receives the entries, `size:u64 modified:f64 directory:u32 nameLength:u32 name` each; result: bytes needed. */
  List = 2,
  /** Buffer receives bytes from the offset; result: how many. */
  Read = 3,
  /** Writes the buffer at the offset, making the file where it is missing. */
  Write = 4,
  /** Sets the size to the offset, making the file and its folders where missing. Flag 1: fail if it exists. */
  Truncate = 5,
  /** Makes a folder and its parents. */
  MakeDirectory = 6,
  /** Flag 1: a folder with all it holds. */
  Delete = 7,
  /** Buffer: the new path. */
  Rename = 8,
  /** Everything written is on disk and told to the page. */
  Flush = 9,
}

/** Errno values, as WASI and Emscripten number them. */
export const enum Errno {
  Ok = 0,
  Busy = 10,
  Exists = 20,
  Invalid = 28,
  Io = 29,
  IsDirectory = 31,
  NoEntry = 44,
  NoSpace = 51,
  NotDirectory = 54,
  NotEmpty = 55,
}

export interface FileStat {
  size: number;
  modified: number;
  directory: boolean;
}

const LIST_ENTRY_BYTES = 24;

export function encodeEntries(entries: { name: string; size: number; modified: number; directory: boolean }[]): Uint8Array {
  const names = entries.map((entry) => new TextEncoder().encode(entry.name));
  const bytes = new Uint8Array(names.reduce((total, name) => total + LIST_ENTRY_BYTES + name.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  entries.forEach((entry, i) => {
    const name = names[i]!;
    view.setBigUint64(at, BigInt(entry.size), true);
    view.setFloat64(at + 8, entry.modified, true);
    view.setUint32(at + 16, entry.directory ? 1 : 0, true);
    view.setUint32(at + 20, name.length, true);
    bytes.set(name, at + LIST_ENTRY_BYTES);
    at += LIST_ENTRY_BYTES + name.length;
  });
  return bytes;
}

export function decodeEntries(bytes: Uint8Array): ({ name: string } & FileStat)[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const entries = [];
  for (let at = 0; at < bytes.length; ) {
    const length = view.getUint32(at + 20, true);
    entries.push({
      name: new TextDecoder().decode(bytes.slice(at + LIST_ENTRY_BYTES, at + LIST_ENTRY_BYTES + length)),
      size: Number(view.getBigUint64(at, true)),
      modified: view.getFloat64(at + 8, true),
      directory: view.getUint32(at + 16, true) !== 0,
    });
    at += LIST_ENTRY_BYTES + length;
  }
  return entries;
}
