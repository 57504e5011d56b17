/** Serves the requests that blocked threads leave in a ring (see `ring.ts`). */

import { type FileTree, fileError, writeAll } from "./files";
import { encodeEntries, Errno, Operation, RING_HEADER_WORDS, SLOT_WORDS, State, Word } from "./ring";

/** The memory a ring lies in. The engine's grows, so its buffer is asked for each time. */
export type RingMemory = SharedArrayBuffer | WebAssembly.Memory;

const POLL_MILLIS = 1;

function bufferOf(memory: RingMemory): SharedArrayBuffer {
  return memory instanceof WebAssembly.Memory ? (memory.buffer as unknown as SharedArrayBuffer) : memory;
}

/** Serves until the worker ends. */
export async function serveRing(memory: RingMemory, address: number, tree: FileTree): Promise<never> {
  const bell = address / 4;
  for (;;) {
    const words = new Int32Array(bufferOf(memory));
    const seen = Atomics.load(words, bell);
    const slots = words[bell + 1]!;
    for (let slot = 0; slot < slots; slot++) {
      const at = bell + RING_HEADER_WORDS + slot * SLOT_WORDS;
      if (Atomics.compareExchange(words, at, State.Requested, State.Running) === State.Requested) void serve(memory, at, tree);
    }
    if (typeof Atomics.waitAsync === "function") {
      const wait = Atomics.waitAsync(words, bell, seen);
      if (wait.async) await wait.value;
    } else {
      await new Promise((resolve) => setTimeout(resolve, POLL_MILLIS));
    }
  }
}

async function serve(memory: RingMemory, at: number, tree: FileTree): Promise<void> {
  let status: Errno = Errno.Ok;
  let result = 0;
  try {
    result = await perform(memory, at, tree);
  } catch (error) {
    status = fileError(error, "").errno;
  }
  const words = new Int32Array(bufferOf(memory));
  words[at + Word.Status] = status;
  words[at + Word.ResultLow] = result | 0;
  words[at + Word.ResultHigh] = Math.floor(result / 2 ** 32) | 0;
  Atomics.store(words, at + Word.State, State.Done);
  Atomics.notify(words, at + Word.State);
}

function text(buffer: SharedArrayBuffer, address: number, length: number): string {
  // TextDecoder does not take shared memory.
  return new TextDecoder().decode(new Uint8Array(buffer, address, length).slice());
}

async function perform(memory: RingMemory, at: number, tree: FileTree): Promise<number> {
  const buffer = bufferOf(memory);
  const words = new Int32Array(buffer);
  const word = (index: Word): number => words[at + index]! >>> 0;
  const path = text(buffer, word(Word.Path), word(Word.PathLength));
  const offset = word(Word.OffsetLow) + word(Word.OffsetHigh) * 2 ** 32;
  const flag = (word(Word.Flags) & 1) !== 0;
  const data = (): Uint8Array => new Uint8Array(buffer, word(Word.Buffer), word(Word.BufferLength));
  switch (word(Word.Operation)) {
    case Operation.Stat: {
      const stat = await tree.stat(path);
      words[at + Word.Flags] = stat.directory ? 1 : 0;
      words[at + Word.TimeLow] = stat.modified | 0;
      words[at + Word.TimeHigh] = Math.floor(stat.modified / 2 ** 32) | 0;
      return stat.size;
    }
    case Operation.List: {
      const entries = encodeEntries(await tree.list(path));
      if (entries.length <= word(Word.BufferLength)) data().set(entries);
      return entries.length;
    }
    case Operation.Read: {
      const handle = tree.opened(path) ?? (await tree.handle(path));
      return handle.read(data() as unknown as Uint8Array<ArrayBuffer>, { at: offset });
    }
    case Operation.Write: {
      const handle = tree.opened(path) ?? (await tree.handle(path, true));
      writeAll(handle, data(), offset, path);
      tree.markWritten(path);
      return word(Word.BufferLength);
    }
    case Operation.Truncate:
      await tree.truncate(path, offset, flag);
      return 0;
    case Operation.MakeDirectory:
      await tree.makeDirectory(path);
      return 0;
    case Operation.Delete:
      await tree.delete(path, flag);
      return 0;
    case Operation.Rename:
      await tree.rename(path, text(buffer, word(Word.Buffer), word(Word.BufferLength)));
      return 0;
    case Operation.Flush:
      tree.flush(path);
      return 0;
    default:
      throw new Error(`unknown operation ${word(Word.Operation)}`);
  }
}
