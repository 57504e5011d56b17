/** Pyodide with the overlay (`web/python/kindling`) and Apache's client, in the kernel worker. */

import { loadPyodide, type PyodideAPI, version } from "pyodide";
import type { SyncStorage } from "../storage/client";
import { count, type Engine, type RpcFailure } from "./engine";
import { type EmscriptenFS, storageFileSystem } from "./filesystem";

declare const PYODIDE_FOLDER: string;
declare const INTERPRETER_FILES: string[];
declare const PYTHON_ARCHIVE: string;

/** Where the file tree is, and where cells start. */
export const HOME = "/home/kindling";
/** Paths outside the home that are part of the tree too, as Spark sees `/tmp/x`. */
const OTHER_MOUNTS: Record<string, string> = { "/tmp": "tmp" };
/** Paths in tracebacks and call sites are below it; the bytecode was compiled for it (`web/build/python.mjs`). */
const ARCHIVE_PATH = "/lib/kindling-python.zip";

/** Where packages that a cell imports come from, such as pandas: Pyodide's own index. */
const PACKAGE_INDEX = `https://cdn.jsdelivr.net/pyodide/v${version}/full/`;

/** `Kernel` of `web/python/kindling/cells.py`. */
export interface PythonKernel {
  /** `executionCount` names the run in tracebacks, `cellNumber` the cell on the Spark pages. */
  run(code: string, executionCount: number, cellNumber: number): Promise<"ok" | "error" | "aborted">;
  interrupt(): void;
  complete(before: string): string;
  inspect(code: string, cursor: number): string | undefined;
  /** The JSON of a `CellError` where it fails. */
  write_result(resultId: string, format: string, path: string, sql?: string): string | undefined;
}

/** `Host` of the same module. */
export interface PythonHost {
  stream(name: "stdout" | "stderr", text: string): void;
  display(bundle: string, metadata: string, displayId: string | undefined, update: boolean): void;
  result(bundle: string): void;
  error(error: string): void;
  /** Whether an interrupt may hit the Python code that runs from here on. */
  interruptible(on: boolean): void;
  /** Whether Pyodide's package index has a module of this name. */
  in_index(module: string): boolean;
  /** Blocks the worker. */
  sleep(seconds: number): void;
}

export interface Python {
  kernel: PythonKernel;
  pyodide: PyodideAPI;
  pythonVersion: string;
  pysparkVersion: string;
}

export interface PythonHooks {
  progress(loaded: number, total: number): void;
  /** The interpreter runs; its packages come next. */
  interpreterReady(): void;
}

/**
 * What loads without the engine: the interpreter, and the bytes of the packages. Everything is fetched at once, but the
 * interpreter starts with the engine: it keeps this thread, which answers `%%sql` as soon as there is an engine.
 */
export async function loadInterpreter(engine: Promise<Engine>, hooks: PythonHooks): Promise<{ pyodide: PyodideAPI; archive: Uint8Array }> {
  const indexURL = new URL(PYODIDE_FOLDER, self.location.href).href;
  const archive = fetchArchive(hooks.progress);
  const fetched = Promise.all(INTERPRETER_FILES.map((name) => keepInCache(new URL(name, indexURL))));
  await engine;
  await fetched;
  await turn();
  const pyodide = await loadPyodide({ indexURL, packageBaseUrl: PACKAGE_INDEX, env: { HOME, TZ: Intl.DateTimeFormat().resolvedOptions().timeZone } });
  hooks.interpreterReady();
  return { pyodide, archive: await archive };
}

/** Reads a file that the interpreter will ask for, so that the browser has it then. */
async function keepInCache(url: URL): Promise<void> {
  // Out of reach, the interpreter's own request says what is wrong.
  await fetch(url, { priority: "low" })
    .then((response) => response.arrayBuffer())
    .catch(() => undefined);
}

/** Lets this worker answer what has arrived, such as a cell in SQL, between two long pieces of work. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

async function fetchArchive(progress: PythonHooks["progress"]): Promise<Uint8Array> {
  const response = await fetch(new URL(PYTHON_ARCHIVE, self.location.href));
  if (!response.ok) throw new Error(`PySpark could not be loaded: ${response.status}`);
  void count(response.clone(), progress);
  return new Uint8Array(await response.arrayBuffer());
}

/** Imports pyspark and connects it to the engine. `trapped` hears of an engine that cannot go on. */
export async function startPython(
  pyodide: PyodideAPI,
  archive: Uint8Array,
  engine: Engine,
  storage: SyncStorage,
  host: PythonHost,
  trapped: (error: unknown) => void,
): Promise<Python> {
  pyodide.FS.writeFile(ARCHIVE_PATH, archive);
  pyodide.runPython(`import sys; sys.path.insert(0, "${ARCHIVE_PATH}")`);
  const FS = pyodide.FS as unknown as EmscriptenFS;
  const type = storageFileSystem(FS, storage);
  FS.mkdirTree(HOME);
  FS.mount(type, { root: "" }, HOME);
  for (const [path, root] of Object.entries(OTHER_MOUNTS)) {
    storage.makeDirectory(root);
    FS.mkdirTree(path);
    FS.mount(type, { root }, path);
  }
  const call = (method: string, request: PyBuffer, callSite: string | undefined, onResponse: (response: Uint8Array) => void): RpcFailure | undefined => {
    const buffer = request.getBuffer();
    try {
      if (callSite !== undefined) engine.set_call_site(callSite);
      // A copy: the engine's memory is another one anyway, and Python may move its own.
      return engine.rpc(method, buffer.data.slice(), onResponse);
    } catch (error) {
      // The engine answers failures; what it throws is a trap, and Python would take it for the cell's own error.
      trapped(error);
      throw error;
    } finally {
      buffer.release();
    }
  };
  const cells = pyodide.pyimport("kindling.cells");
  const modules = cells.SLOW_IMPORTS.toJs() as string[];
  cells.prepare();
  for (const module of modules) {
    await turn();
    pyodide.pyimport(module).destroy();
  }
  await turn();
  const kernel = cells.start(host, call, HOME, engine.session_id()) as PythonKernel;
  const [pythonVersion, pysparkVersion] = pyodide.runPython("import platform, pyspark; f'{platform.python_version()} {pyspark.__version__}'").split(" ");
  return { kernel, pyodide, pythonVersion, pysparkVersion };
}

interface PyBuffer {
  getBuffer(): { data: Uint8Array; release(): void };
}
