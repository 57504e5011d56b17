/**
 * The kernel worker: the engine's driver and the notebook's Python. One request at a time; while one runs, nothing else is
 * read, so the page interrupts through shared memory and listener events leave from inside the running query.
 */

import { type Engine, startEngine } from "./kernel/engine";
import { loadInterpreter, type Python, type PythonHost, startPython } from "./kernel/python";
import { EventLog } from "./kernel/event_log";
import type { BootStep, CellError, Completion, DataFrameResult, KernelMessage, KernelRequest, MimeBundle } from "./protocol";
import { DATAFRAME_MIME } from "./protocol";
import { SyncStorage } from "./storage/client";

const SIGINT = 2;
const INTERRUPT_POLL_MILLIS = 50;
const GRID_ROWS = 10_000;
const PREVIEW_ROWS = 20;

/** From `page.ts`: ports to the storage worker, and from the page to the engine's control thread. */
type Attach = { kind: "attach"; storage: MessagePort; commands: MessagePort };
type Execute = Extract<KernelRequest, { kind: "execute" }>;

const scope = self as unknown as DedicatedWorkerGlobalScope;
const post = (message: KernelMessage, transfer: Transferable[] = []): void => scope.postMessage(message, transfer);

const interrupt = new Int32Array(new SharedArrayBuffer(4));
const storage = new SyncStorage();
const eventLog = new EventLog();
let ports: Attach | undefined;
let engine: Engine | undefined;
let prefetchEngine = async (): Promise<void> => undefined;
let python: Promise<Python> | undefined;
let executionCount = 0;
/** Cells that wait for their turn; `cancel` takes one out. */
const waiting: Execute[] = [];
let running = false;
/** SQL text by result id, for downloads. */
const sqlResults = new Map<string, string>();

// ---- start ----

async function step<T>(name: BootStep, action: () => Promise<T>): Promise<T> {
  const started = performance.now();
  post({ kind: "boot", step: name, state: "loading" });
  try {
    const result = await action();
    post({ kind: "boot", step: name, state: "done", millis: performance.now() - started });
    return result;
  } catch (error) {
    post({ kind: "boot", step: name, state: "failed", error: error instanceof Error ? error.message : String(error) });
    throw error;
  }
}

function progress(name: BootStep): (loaded: number, total: number) => void {
  let last = 0;
  return (loadedBytes, totalBytes) => {
    if (loadedBytes < totalBytes && performance.now() - last < 50) return;
    last = performance.now();
    post({ kind: "boot", step: name, state: "loading", loadedBytes, totalBytes });
  };
}

async function init(request: Extract<KernelRequest, { kind: "init" }>): Promise<void> {
  const engineStarted = bootEngine(request);
  python = bootPython(engineStarted);
  // Both report their own failure; a cell that needs Python awaits the promise itself.
  const pythonSettled = python.catch(() => undefined);
  await engineStarted;
  void pythonSettled.then(prefetchEngine);
  drain();
}

async function bootEngine({ cluster, conf }: Extract<KernelRequest, { kind: "init" }>): Promise<Engine> {
  let loaded = (): void => undefined;
  const loading = new Promise<void>((resolve) => (loaded = resolve));
  const defaults = { "spark.sql.session.timeZone": Intl.DateTimeFormat().resolvedOptions().timeZone };
  if (ports === undefined) throw new Error("the kernel worker has not been attached to storage");
  const { storage: files, commands } = ports;
  const starting = startEngine({ cluster, conf: { ...defaults, ...conf }, interrupt, commands }, {
    progress: progress("engine"),
    engineLoaded: loaded,
    serveStorage: (memory, ring) => files.postMessage({ kind: "ring", memory, address: ring }),
    events: (events) => {
      eventLog.add(events);
      post({ kind: "events", events });
    },
    dead: (reason) => post({ kind: "dead", reason }),
  });
  await step("engine", () => Promise.race([loading, starting]));
  const started = await step("threads", () => starting);
  engine = started.engine;
  prefetchEngine = started.prefetch;
  post({ kind: "engineReady", interrupt: interrupt.buffer, applicationId: engine.application_id(), sparkVersion: engine.spark_version() });
  post({ kind: "status", state: "idle" });
  return engine;
}

async function bootPython(engineStarted: Promise<Engine>): Promise<Python> {
  let ready = (): void => undefined;
  const interpreter = new Promise<void>((resolve) => (ready = resolve));
  const loading = loadInterpreter(engineStarted, { progress: progress("pyspark"), interpreterReady: ready });
  await step("python", () => Promise.race([interpreter, loading]));
  const started = await step("pyspark", async () => {
    const { pyodide, archive } = await loading;
    interpreterApi = pyodide;
    return startPython(pyodide, archive, await engineStarted, storage, host, fatal);
  });
  post({ kind: "pythonReady", pythonVersion: started.pythonVersion, pysparkVersion: started.pysparkVersion });
  return started;
}

// ---- cells ----

let current = 0;
let interpreterApi: Python["pyodide"] | undefined;
/** Whether the cell's own code runs; else it awaits something, or none runs. */
let inCell = false;
/** Nobody notifies it. */
const never = new Int32Array(new SharedArrayBuffer(4));
let indexModules: Set<string> | undefined;

const host: PythonHost = {
  interruptible: (on) => {
    inCell = on;
    interpreterApi?.setInterruptBuffer((on ? interrupt : undefined) as unknown as Uint8Array);
  },
  in_index: (module) => {
    indexModules ??= new Set(Object.values(interpreterApi?.lockfile.packages ?? {}).flatMap(({ imports }) => imports));
    return indexModules.has(module);
  },
  sleep: (seconds) => void Atomics.wait(never, 0, 0, seconds * 1000),
  stream: (name, text) => post({ kind: "stream", id: current, name, text }),
  display: (bundle, metadata, displayId, update) => {
    const message: KernelMessage = { kind: "displayData", id: current, data: JSON.parse(bundle) as MimeBundle, metadata: JSON.parse(metadata) };
    if (displayId !== undefined) Object.assign(message, { displayId, update });
    post(message);
  },
  result: (bundle) => post({ kind: "executeResult", id: current, executionCount, data: JSON.parse(bundle) as MimeBundle }),
  error: (error) => post({ kind: "error", id: current, error: JSON.parse(error) as CellError }),
};

/** Runs what waits, in order. */
async function drain(): Promise<void> {
  if (running || engine === undefined) return;
  running = true;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await execute(next);
  running = false;
}

async function execute(request: Execute): Promise<void> {
  const { id } = request;
  // Python may still load: then the cell can be cancelled until it is there.
  if (request.language === "python" && !(await pythonArrived(request))) return;
  current = id;
  executionCount += 1;
  Atomics.store(interrupt, 0, 0);
  post({ kind: "status", state: "busy", id });
  const started = performance.now();
  let status: "ok" | "error" | "aborted";
  try {
    status = request.language === "sql" ? executeSql(request) : await executePython(request);
  } catch (error) {
    status = "error";
    fatal(error);
  }
  Atomics.store(interrupt, 0, 0);
  post({ kind: "executeReply", id, status, executionCount, millis: performance.now() - started });
  post({ kind: "status", state: "idle" });
}

/** Whether the cell still stands when Python is there. Cells in SQL behind it run meanwhile. */
async function pythonArrived(request: Execute): Promise<boolean> {
  let arrived = false;
  const settled = python!.then(
    () => (arrived = true),
    () => (arrived = true),
  );
  await Promise.race([settled, Promise.resolve()]);
  if (arrived) return true;
  waitingForPython.push(request);
  void settled.then(() => {
    waiting.unshift(...waitingForPython.splice(0));
    void drain();
  });
  return false;
}
const waitingForPython: Execute[] = [];

function executeSql({ id, code, cellNumber }: Execute): "ok" | "error" | "aborted" {
  engine!.set_call_site(`SQL cell ${cellNumber}`);
  const reply = JSON.parse(engine!.run_sql(code, GRID_ROWS)) as DataFrameResult | { error: CellError };
  if ("error" in reply) {
    post({ kind: "error", id, error: reply.error });
    return Atomics.load(interrupt, 0) === SIGINT ? "aborted" : "error";
  }
  reply.resultId = `sql${id}`;
  sqlResults.set(reply.resultId, code);
  const text = reply.columns.length === 0 ? "" : `DataFrame[${reply.columns.map((c) => `${c.name}: ${c.type}`).join(", ")}]`;
  post({ kind: "executeResult", id, executionCount, data: { [DATAFRAME_MIME]: reply, "text/plain": text } });
  return "ok";
}

async function executePython({ code, cellNumber }: Execute): Promise<"ok" | "error" | "aborted"> {
  const { kernel, pyodide } = await python!;
  await loadImports(pyodide, code);
  // While a cell awaits, no bytecode runs that would notice the interrupt.
  const poll = setInterval(() => {
    if (!inCell && Atomics.load(interrupt, 0) === SIGINT) {
      Atomics.store(interrupt, 0, 0);
      kernel.interrupt();
    }
  }, INTERRUPT_POLL_MILLIS);
  try {
    return await kernel.run(code, executionCount, cellNumber);
  } finally {
    clearInterval(poll);
  }
}

/** Packages of Pyodide's own index that the cell imports. Out of reach, the import itself raises. */
async function loadImports(pyodide: Python["pyodide"], code: string): Promise<void> {
  if (!/\bimport\b/.test(code)) return;
  try {
    await pyodide.loadPackagesFromImports(code, { messageCallback: () => undefined, errorCallback: () => undefined });
  } catch {
    // A syntax error or no network: the cell says so when it runs.
  }
}

/** An error that is not the cell's: after a trap nothing in this worker can be trusted. */
function fatal(error: unknown): void {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  post({ kind: "dead", reason });
}

// A trap outside any call of ours, such as in a callback of Python's event loop: the cell that waits for it would wait for ever.
// What a cell's own promises reject with is no trap.
scope.addEventListener("unhandledrejection", ({ reason }) => {
  const trap = reason instanceof WebAssembly.RuntimeError || reason instanceof RangeError || (reason as { pyodide_fatal_error?: boolean } | null)?.pyodide_fatal_error === true;
  if (trap) fatal(reason);
});

// ---- the rest of the requests ----

async function complete(request: Extract<KernelRequest, { kind: "complete" }>): Promise<void> {
  const { id, code, cursor } = request;
  const { kernel } = await python!;
  const { prefix, matches } = JSON.parse(kernel.complete(code.slice(0, cursor))) as { prefix: string; matches: Completion[] };
  post({ kind: "completeReply", id, matches, from: cursor - prefix.length, to: cursor });
}

async function download({ id, resultId, format }: Extract<KernelRequest, { kind: "downloadResult" }>): Promise<void> {
  const { kernel } = await python!;
  const folder = `.downloads/${resultId}`;
  try {
    const failure = kernel.write_result(resultId, format, folder, sqlResults.get(resultId));
    if (failure !== undefined) {
      post({ kind: "downloadReply", id, error: JSON.parse(failure) as CellError });
      return;
    }
    const part = storage.list(folder).find((entry) => entry.name.startsWith("part-"));
    const bytes = new Uint8Array(part?.size ?? 0);
    if (part !== undefined) storage.read(`${folder}/${part.name}`, bytes, 0);
    storage.delete(folder, true);
    const type = format === "csv" ? "text/csv" : "application/vnd.apache.parquet";
    post({ kind: "downloadReply", id, name: `${resultId}.${format}`, blob: new Blob([bytes], { type }) });
  } catch (error) {
    const evalue = error instanceof Error ? error.message : String(error);
    post({ kind: "downloadReply", id, error: { ename: "DownloadError", evalue, frames: [] } });
  }
}

function previewFile(id: number, path: string): void {
  engine!.set_call_site(`preview of ${path}`);
  const reply = JSON.parse(engine!.preview_file(path, PREVIEW_ROWS)) as DataFrameResult | { error: CellError };
  post("error" in reply ? { kind: "previewReply", id, error: reply.error } : { kind: "previewReply", id, preview: reply });
}

scope.onmessage = (event: MessageEvent<KernelRequest | Attach>) => {
  const request = event.data;
  switch (request.kind) {
    case "attach":
      ports = request;
      ports.storage.postMessage({ kind: "ring", memory: storage.memory, address: 0 });
      break;
    case "init":
      init(request).catch(fatal);
      break;
    case "execute":
      waiting.push(request);
      void drain();
      break;
    case "cancel":
      for (const queue of [waiting, waitingForPython]) {
        const at = queue.findIndex((cell) => cell.id === request.id);
        if (at >= 0) {
          queue.splice(at, 1);
          post({ kind: "executeReply", id: request.id, status: "aborted", executionCount, millis: 0 });
        }
      }
      break;
    case "complete":
      complete(request).catch(() => post({ kind: "completeReply", id: request.id, matches: [], from: request.cursor, to: request.cursor }));
      break;
    case "inspect":
      python!
        .then(({ kernel }) => post({ kind: "inspectReply", id: request.id, text: kernel.inspect(request.code, request.cursor) ?? null }))
        .catch(() => post({ kind: "inspectReply", id: request.id, text: null }));
      break;
    case "killExecutor":
      // Goes to the control thread (`page.ts`).
      break;
    case "previewFile":
      previewFile(request.id, request.path);
      break;
    case "eventLog":
      post({ kind: "eventLogReply", id: request.id, blob: eventLog.blob() });
      break;
    case "downloadResult":
      void download(request);
      break;
  }
};
