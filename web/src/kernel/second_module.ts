/**
 * The functions that few queries call: a wasm module of their own (`crates/kindling-split`), which puts them into the function
 * table of the first. Each thread has its own table, so each loads it when it calls such a function first: at once, for it
 * cannot wait for messages.
 */

/** Shared by all threads of the engine. */
export interface SecondModule {
  url: string;
  /** A flag in the first word; behind it, when that is 1, the module's bytes. */
  shared: SharedArrayBuffer;
}

const FLAG_BYTES = 4;

declare global {
  /** What `crates/kindling-wasm/src/second_module.rs` calls; `slot` says for which function (`slots.tsv` of the build). */
  var loadSecondModule: (slot: number) => void;
}

export function describeSecondModule(url: URL, bytes: number): SecondModule {
  return { url: url.href, shared: new SharedArrayBuffer(FLAG_BYTES + bytes) };
}

/** Makes the second module loadable in this thread; `first` is what the first one exports. */
export function installLoader(second: SecondModule, first: WebAssembly.Exports): void {
  globalThis.loadSecondModule = (slot) => {
    const started = performance.now();
    const kept = Atomics.load(flag(second), 0) === 1;
    if (!kept) keep(second, request(second.url));
    // Compiling takes no shared bytes, hence the copy.
    const module = new WebAssembly.Module(room(second).slice());
    void new WebAssembly.Instance(module, { first });
    const millis = Math.round(performance.now() - started);
    console.debug(`Kindling: second module ${kept ? "from memory" : "fetched"} in ${self.name} in ${millis} ms, for slot ${slot}`);
  };
}

/** Fetches the module ahead of need, so that it is there when the host is not. */
export async function prefetch(second: SecondModule): Promise<void> {
  if (Atomics.load(flag(second), 0) === 1) return;
  try {
    const response = await fetch(second.url);
    if (response.ok) keep(second, await response.arrayBuffer());
  } catch {
    // The thread that needs it asks again, and says what is wrong.
  }
}

function flag({ shared }: SecondModule): Int32Array {
  return new Int32Array(shared, 0, 1);
}

function room({ shared }: SecondModule): Uint8Array {
  return new Uint8Array(shared, FLAG_BYTES);
}

/** Two threads may do this at once: they write the same. */
function keep(second: SecondModule, bytes: ArrayBuffer): void {
  const place = room(second);
  if (bytes.byteLength !== place.length) throw new Error(`${second.url} has ${bytes.byteLength} bytes instead of ${place.length}`);
  place.set(new Uint8Array(bytes));
  Atomics.store(flag(second), 0, 1);
}

function request(url: string): ArrayBuffer {
  const asked = new XMLHttpRequest();
  asked.open("GET", url, false);
  asked.responseType = "arraybuffer";
  try {
    asked.send();
  } catch (error) {
    throw new Error(`the engine's second part could not be loaded: ${url}: ${(error as Error).message}`);
  }
  if (asked.status !== 200) throw new Error(`the engine's second part could not be loaded: ${url} gave ${asked.status}`);
  return asked.response as ArrayBuffer;
}
