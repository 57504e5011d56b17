/**
 * The engine's wasm module, in the kernel worker: its driver thread. Executor threads are workers of their own that share the
 * memory (`thread.worker.ts`); they are all running before the engine starts, because a blocked worker cannot start others.
 */

import type { ClusterShape } from "../protocol";

declare const ENGINE_MODULE: string;
declare const ENGINE_WASM: string;
declare const THREAD_WORKER: string;

/** Failure of a call: gRPC code, message, and a serialised `google.rpc.Status`. */
export type RpcFailure = [code: number, message: string, status: Uint8Array];

/** What `crates/kindling-wasm` exports. */
interface EngineExports {
  initSync(options: { module: WebAssembly.Module; memory?: WebAssembly.Memory; thread_stack_size?: number }): { memory: WebAssembly.Memory };
  storage_ring(): number;
  start(executors: number, cores: number, conf: string, onEvents: (events: string[]) => void, interrupted: () => boolean): Engine;
}

export interface Engine {
  readonly application_id: string;
  readonly spark_version: string;
  /** Answers one call of the Connect service; responses come through the callback before it returns. */
  rpc(method: string, request: Uint8Array, onResponse: (response: Uint8Array) => void): RpcFailure | undefined;
  /** Runs SQL text; the JSON of a `DataFrameResult`, or of `{ "error": CellError }`. */
  run_sql(text: string, limit: number): string;
  /** The JSON of a `DataFrameResult` with the schema and first rows of a file, or of `{ "error": CellError }`. */
  preview_file(path: string): string;
  kill_executor(id: string): void;
  /** The event log so far. */
  event_log(): string;
}

export interface EngineWorkers {
  engine: Engine;
  memory: WebAssembly.Memory;
  storageRing: number;
}

/** The driver plans on this stack's threads too, when a task builds a plan. */
const THREAD_STACK_BYTES = 4 * 1024 * 1024;

export interface EngineHooks {
  progress(loaded: number, total: number): void;
  engineLoaded(): void;
  /** Storage must serve the ring before a thread reads a file. */
  serveStorage(memory: WebAssembly.Memory, ring: number): void;
  events(events: string[]): void;
  interrupted(): boolean;
  dead(reason: string): void;
}

export async function startEngine(cluster: ClusterShape, conf: Record<string, string>, hooks: EngineHooks): Promise<Engine> {
  const module = compile(new URL(ENGINE_WASM, self.location.href), hooks.progress);
  const exports = (await import(new URL(ENGINE_MODULE, self.location.href).href)) as EngineExports;
  const compiled = await module;
  const { memory } = exports.initSync({ module: compiled, thread_stack_size: THREAD_STACK_BYTES });
  hooks.engineLoaded();
  const ring = exports.storage_ring();
  hooks.serveStorage(memory, ring);
  await startThreads(cluster, compiled, memory, hooks.dead);
  return exports.start(cluster.executors, cluster.cores, JSON.stringify(conf), hooks.events, hooks.interrupted);
}

async function compile(url: URL, progress: EngineHooks["progress"]): Promise<WebAssembly.Module> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the engine could not be loaded: ${url.pathname} gave ${response.status}`);
  void count(response.clone(), progress);
  // The response itself, not a wrapped one: only then the browser caches the compiled code.
  return await WebAssembly.compileStreaming(response);
}

/** Reports how much of a response has arrived. */
export async function count(response: Response, progress: EngineHooks["progress"]): Promise<void> {
  // With a content encoding the header counts compressed bytes, which the stream does not.
  const total = response.headers.has("content-encoding") ? 0 : Number(response.headers.get("content-length") ?? 0);
  let loaded = 0;
  const reader = response.body?.getReader();
  while (reader !== undefined) {
    const { done, value } = await reader.read();
    if (done) break;
    loaded += value.length;
    progress(loaded, Math.max(total, loaded));
  }
}

// Firefox collects workers that nothing refers to, shared memory or not (bugzilla 1702191).
const threads: Worker[] = [];

async function startThreads(cluster: ClusterShape, module: WebAssembly.Module, memory: WebAssembly.Memory, dead: (reason: string) => void): Promise<void> {
  const url = new URL(THREAD_WORKER, self.location.href);
  const glue = new URL(ENGINE_MODULE, self.location.href).href;
  await Promise.all(
    Array.from({ length: cluster.executors * cluster.cores }, (_, i) => {
      const name = `executor ${Math.floor(i / cluster.cores) + 1} core ${(i % cluster.cores) + 1}`;
      const worker = new Worker(url, { type: "module", name });
      threads.push(worker);
      return new Promise<void>((resolve, reject) => {
        worker.onmessage = () => resolve();
        worker.onerror = (event) => {
          reject(new Error(event.message));
          dead(`${name}: ${event.message}`);
        };
        worker.postMessage({ glue, module, memory, stack: THREAD_STACK_BYTES });
      });
    }),
  );
}
