/**
 * Every message between the page, the kernel worker and the storage worker. One file, types only.
 *
 * The page (Leptos, `crates/kindling-ui/src/kernel/protocol.rs`) mirrors these with serde. Jupyter's names where
 * Jupyter has one. All messages are structured-cloneable; `kind` tags each.
 */

/** Shape of the cluster: executors × cores threads. */
export interface ClusterShape {
  executors: number;
  cores: number;
}

/** Language of a code cell. `%%sql` cells arrive as `sql` with the magic line removed. */
export type CellLanguage = "python" | "sql";

/** Page → kernel worker. */
export type KernelRequest =
  | { kind: "init"; cluster: ClusterShape; conf: Record<string, string> }
  | { kind: "execute"; id: number; cellId: string; cellNumber: number; language: CellLanguage; code: string }
  /** Drop a request that waits for Python. */
  | { kind: "cancel"; id: number }
  | { kind: "complete"; id: number; code: string; cursor: number }
  | { kind: "inspect"; id: number; code: string; cursor: number }
  | { kind: "killExecutor"; executorId: string }
  /** Schema and first rows of a file, read with the engine (no Python). */
  | { kind: "previewFile"; id: number; path: string }
  | { kind: "eventLog"; id: number }
  | { kind: "downloadResult"; id: number; resultId: string; format: "csv" | "parquet" };

/** What loads at start, in the order it is shown. Engine and Python load in parallel. */
export type BootStep = "engine" | "threads" | "python" | "pyspark";

/** Kernel worker → page. */
export type KernelMessage =
  | { kind: "boot"; step: BootStep; state: "loading" | "done" | "failed"; loadedBytes?: number; totalBytes?: number; millis?: number; error?: string }
  /** `interrupt` is a 4-byte SharedArrayBuffer that the page sets to 2 (SIGINT): Python and the engine both watch it. */
  | { kind: "engineReady"; interrupt: SharedArrayBuffer; applicationId: string; sparkVersion: string }
  | { kind: "pythonReady"; pythonVersion: string; pysparkVersion: string }
  | { kind: "status"; state: "idle" | "busy"; id?: number }
  | { kind: "stream"; id: number; name: "stdout" | "stderr"; text: string }
  | { kind: "displayData"; id: number; data: MimeBundle; metadata?: Record<string, unknown>; displayId?: string; update?: boolean }
  | { kind: "executeResult"; id: number; executionCount: number; data: MimeBundle }
  | { kind: "error"; id: number; error: CellError }
  | { kind: "executeReply"; id: number; status: "ok" | "error" | "aborted"; executionCount: number; millis: number }
  /** Listener events, each the JSON text of Spark's event log, in order. Posted while a query runs too. */
  | { kind: "events"; events: string[] }
  | { kind: "completeReply"; id: number; matches: Completion[]; from: number; to: number }
  | { kind: "inspectReply"; id: number; text: string | null }
  | { kind: "previewReply"; id: number; preview?: DataFrameResult; error?: CellError }
  | { kind: "eventLogReply"; id: number; blob: Blob }
  | { kind: "downloadReply"; id: number; name?: string; blob?: Blob; error?: CellError }
  /** The engine or Python trapped: the page restarts the worker, the notebook stays. */
  | { kind: "dead"; reason: string };

/** MIME type to content, as in `.ipynb` outputs. */
export type MimeBundle = Record<string, unknown>;

/** MIME type of a DataFrame result; its content is a `DataFrameResult`. */
export const DATAFRAME_MIME = "application/vnd.kindling.dataframe+json";

export interface DataFrameResult {
  /** Identifies the DataFrame in this kernel for downloads; absent once the kernel is gone. */
  resultId?: string;
  columns: { name: string; type: string; nullable: boolean; nullCount?: number }[];
  /** Cells as Spark's `show()` would print them untruncated; `null` for NULL. */
  rows: (string | null)[][];
  /** All rows of the query where the run gave it, else absent. */
  totalRows?: number;
  /** More rows exist than `rows` holds. */
  truncated: boolean;
  sizeBytes?: number;
}

export interface Completion {
  label: string;
  type: string;
  detail?: string;
}

/** A failed cell. */
export interface CellError {
  /** Python class (`AnalysisException`, `KeyboardInterrupt`) or Spark's for SQL cells. */
  ename: string;
  /** The message, as PySpark prints it. */
  evalue: string;
  /** Frames, outermost first. */
  frames: { file: string; line: number; name: string; source?: string; user: boolean }[];
  /** Line (1-based) in the cell. */
  line?: number;
  condition?: string;
  sqlState?: string;
  parameters?: Record<string, string>;
  contexts?: { type: "SQL" | "DataFrame"; fragment: string; startIndex?: number; stopIndex?: number; callSite?: string; summary: string }[];
  /** Stage and task of a failed task. */
  task?: { stageId: number; attempt: number; index: number };
}

/** Page ↔ storage worker. Files are one tree, paths relative to its root (`data/trips.csv`). */
export type StorageRequest =
  | { kind: "list"; id: number; path: string }
  | { kind: "put"; id: number; path: string; blob: Blob }
  | { kind: "get"; id: number; path: string }
  | { kind: "delete"; id: number; path: string; recursive: boolean }
  | { kind: "rename"; id: number; from: string; to: string }
  | { kind: "estimate"; id: number };

export interface FileEntry {
  path: string;
  size: number;
  modified: number;
  directory: boolean;
}

/** Storage worker → page. `changed` is broadcast after any write, whoever made it. */
export type StorageMessage =
  | { kind: "listReply"; id: number; entries: FileEntry[] }
  | { kind: "progress"; id: number; loaded: number; total: number }
  | { kind: "done"; id: number }
  | { kind: "blob"; id: number; blob: Blob }
  | { kind: "estimateReply"; id: number; usage: number; quota: number }
  | { kind: "failed"; id: number; error: string }
  | { kind: "changed"; paths: string[] };
