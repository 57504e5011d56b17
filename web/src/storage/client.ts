/** A ring of one slot for the kernel worker: synchronous files for Python. */

import { decodeEntries, Errno, type FileStat, Operation, RING_HEADER_WORDS, SLOT_WORDS, State, Word } from "./ring";

const SLOT = RING_HEADER_WORDS;
const PATHS = 4 * (RING_HEADER_WORDS + SLOT_WORDS);
const PATH_BYTES = 16 * 1024;
const DATA = PATHS + 2 * PATH_BYTES;
const DATA_BYTES = 1024 * 1024;

export class StorageFailure extends Error {
  constructor(readonly errno: Errno) {
    super(`storage error ${errno}`);
  }
}

export class SyncStorage {
  readonly memory = new SharedArrayBuffer(DATA + DATA_BYTES);
  private readonly words = new Int32Array(this.memory, 0, RING_HEADER_WORDS + SLOT_WORDS);
  private readonly bytes = new Uint8Array(this.memory);
  private readonly encoder = new TextEncoder();

  constructor() {
    this.words[1] = 1;
  }

  private put(address: number, value: string): number {
    const bytes = this.encoder.encode(value);
    if (bytes.length > PATH_BYTES) throw new StorageFailure(Errno.Invalid);
    this.bytes.set(bytes, address);
    return bytes.length;
  }

  private request(operation: Operation, path: string, options: { offset?: number; length?: number; flag?: boolean; buffer?: number } = {}): number {
    const { words } = this;
    const { offset = 0, length = 0, flag = false, buffer = DATA } = options;
    words[SLOT + Word.Operation] = operation;
    words[SLOT + Word.Path] = PATHS;
    words[SLOT + Word.PathLength] = this.put(PATHS, path);
    words[SLOT + Word.Buffer] = buffer;
    words[SLOT + Word.BufferLength] = length;
    words[SLOT + Word.OffsetLow] = offset | 0;
    words[SLOT + Word.OffsetHigh] = Math.floor(offset / 2 ** 32);
    words[SLOT + Word.Flags] = flag ? 1 : 0;
    Atomics.store(words, SLOT, State.Requested);
    Atomics.add(words, 0, 1);
    Atomics.notify(words, 0);
    for (let state = Atomics.load(words, SLOT); state !== State.Done; state = Atomics.load(words, SLOT)) {
      Atomics.wait(words, SLOT, state);
    }
    Atomics.store(words, SLOT, State.Free);
    const status = words[SLOT + Word.Status]! as Errno;
    if (status !== Errno.Ok) throw new StorageFailure(status);
    return (words[SLOT + Word.ResultLow]! >>> 0) + words[SLOT + Word.ResultHigh]! * 2 ** 32;
  }

  stat(path: string): FileStat {
    const size = this.request(Operation.Stat, path);
    const modified = (this.words[SLOT + Word.TimeLow]! >>> 0) + this.words[SLOT + Word.TimeHigh]! * 2 ** 32;
    return { size, modified, directory: this.words[SLOT + Word.Flags] === 1 };
  }

  list(path: string): ({ name: string } & FileStat)[] {
    const length = this.request(Operation.List, path, { length: DATA_BYTES });
    if (length > DATA_BYTES) throw new StorageFailure(Errno.NoSpace);
    return decodeEntries(this.bytes.slice(DATA, DATA + length));
  }

  read(path: string, into: Uint8Array, offset: number): number {
    let done = 0;
    while (done < into.length) {
      const length = Math.min(into.length - done, DATA_BYTES);
      const count = this.request(Operation.Read, path, { offset: offset + done, length });
      into.set(this.bytes.subarray(DATA, DATA + count), done);
      done += count;
      if (count < length) break;
    }
    return done;
  }

  write(path: string, from: Uint8Array, offset: number): number {
    for (let done = 0; done < from.length; ) {
      const length = Math.min(from.length - done, DATA_BYTES);
      this.bytes.set(from.subarray(done, done + length), DATA);
      this.request(Operation.Write, path, { offset: offset + done, length });
      done += length;
    }
    return from.length;
  }

  truncate(path: string, size: number, exclusive = false): void {
    this.request(Operation.Truncate, path, { offset: size, flag: exclusive });
  }

  makeDirectory(path: string): void {
    this.request(Operation.MakeDirectory, path);
  }

  delete(path: string, recursive = false): void {
    this.request(Operation.Delete, path, { flag: recursive });
  }

  rename(from: string, to: string): void {
    const address = PATHS + PATH_BYTES;
    this.request(Operation.Rename, from, { buffer: address, length: this.put(address, to) });
  }

  flush(path: string): void {
    this.request(Operation.Flush, path);
  }
}
