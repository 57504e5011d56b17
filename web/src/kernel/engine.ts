/**
 * The engine's wasm module, in the kernel worker: its driver thread. Executor threads are workers of their own that share the
 * memory (`thread.worker.ts`); they are all running before the engine starts, because a blocked worker cannot start others.
 */

import type { ClusterShape } from "../protocol";
import { type SecondModule, describeSecondModule, installLoader, prefetch } from "./second_module";

declare const ENGINE_MODULE: string;
declare const ENGINE_WASM: string;
declare const SECOND_WASM: string;
declare const SECOND_BYTES: number;
declare const THREAD_WORKER: string;
declare const CONTROL_WORKER: string;

/** Failure of a call: gRPC code, message, and a serialised `google.rpc.Status`. */
export type RpcFailure = [code: number, message: string, status: Uint8Array];

/** What `crates/kindling-wasm/src/engine.rs` exports. */
export interface Engine {
  application_id(): string;
  session_id(): string;
  spark_version(): string;
  /** Answers one call of the Connect service; responses come through the callback before it returns. */
  rpc(method: string, request: Uint8Array, onResponse: (response: Uint8Array) => void): RpcFailure | undefined;
  /** Runs SQL text; the JSON of a `DataFrameResult`, or of `{ "error": CellError }`. */
  run_sql(text: string, rows: number): string;
  /** The JSON of a `DataFrameResult` with the schema and first rows of a file, or of `{ "error": CellError }`. */
  preview_file(path: string, rows: number): string;
  kill_executor(id: string): boolean;
  interrupt(): void;
  /** What the Spark UI calls the jobs that follow: `show at cell 3, line 2`. */
  set_call_site(text: string): void;
}

export interface EngineModule extends Engine {
  /** Answers the exports of the wasm module. */
  initSync(options: { module: WebAssembly.Module; memory?: WebAssembly.Memory; thread_stack_size?: number }): WebAssembly.Exports & { memory: WebAssembly.Memory };
  storage_ring(): number;
  start(executors: number, cores: number, conf: string, onEvents: (events: string[]) => void): void;
  run_thread(): void;
}

/** What a worker needs to become a thread of the engine. */
export interface ThreadStart {
  glue: string;
  module: WebAssembly.Module;
  second: SecondModule;
  memory: WebAssembly.Memory;
  stack: number;
}

/** Makes this worker a thread of the engine. */
export async function enterEngine({ glue, module, second, memory, stack }: ThreadStart): Promise<EngineModule> {
  const engine = (await import(glue)) as EngineModule;
  installLoader(second, engine.initSync({ module, memory, thread_stack_size: stack }));
  return engine;
}

/** What the control thread gets besides: the page's interrupt flag, and a port for the page's commands. */
export interface ControlStart extends ThreadStart {
  interrupt: Int32Array;
  commands: MessagePort;
}

/** Deep expressions and nested plans recurse in tasks. */
const THREAD_STACK_BYTES = 4 * 1024 * 1024;

export interface EngineHooks {
  progress(loaded: number, total: number): void;
  engineLoaded(): void;
  /** Storage must serve the ring before a thread reads a file. */
  serveStorage(memory: WebAssembly.Memory, ring: number): void;
  events(events: string[]): void;
  dead(reason: string): void;
}

export interface EngineOptions {
  cluster: ClusterShape;
  conf: Record<string, string>;
  interrupt: Int32Array;
  commands: MessagePort;
}

export interface StartedEngine {
  engine: Engine;
  /** Fetches the functions that are rarely called, when nothing else is to be fetched. */
  prefetch(): Promise<void>;
}

export async function startEngine(options: EngineOptions, hooks: EngineHooks): Promise<StartedEngine> {
  const { cluster } = options;
  const module = compile(new URL(ENGINE_WASM, self.location.href), hooks.progress);
  const glue = new URL(ENGINE_MODULE, self.location.href).href;
  const exports = (await import(glue)) as EngineModule;
  const compiled = await module;
  const first = exports.initSync({ module: compiled, thread_stack_size: THREAD_STACK_BYTES });
  const second = describeSecondModule(new URL(SECOND_WASM, self.location.href), SECOND_BYTES);
  installLoader(second, first);
  const { memory } = first;
  const thread: ThreadStart = { glue, module: compiled, second, memory, stack: THREAD_STACK_BYTES };
  hooks.engineLoaded();
  const ring = exports.storage_ring();
  hooks.serveStorage(memory, ring);
  await startThreads(cluster, thread, hooks.dead);
  exports.start(cluster.executors, cluster.cores, JSON.stringify(options.conf), hooks.events);
  const control: ControlStart = { ...thread, interrupt: options.interrupt, commands: options.commands };
  await startWorker(CONTROL_WORKER, "engine control", control, [options.commands], hooks.dead);
  return { engine: exports, prefetch: () => prefetch(second) };
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
const workers: Worker[] = [];

async function startThreads(cluster: ClusterShape, thread: ThreadStart, dead: (reason: string) => void): Promise<void> {
  const count = cluster.executors * cluster.cores;
  await Promise.all(
    Array.from({ length: count }, (_, i) => startWorker(THREAD_WORKER, `task launch worker-${i}`, thread, [], dead)),
  );
}

/** Starts a worker and waits until it has said that it is ready. */
function startWorker(url: string, name: string, start: ThreadStart, transfer: Transferable[], dead: (reason: string) => void): Promise<void> {
  const worker = new Worker(new URL(url, self.location.href), { type: "module", name });
  workers.push(worker);
  return new Promise((resolve, reject) => {
    worker.onmessage = () => resolve();
    worker.onerror = (event) => {
      reject(new Error(event.message));
      dead(`${name}: ${event.message}`);
    };
    worker.postMessage(start, transfer);
  });
}
