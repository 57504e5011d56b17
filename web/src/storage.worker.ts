/** The storage worker: owns the file tree, answers the page by messages and blocked threads through rings. */

import type { FileEntry, StorageMessage, StorageRequest } from "./protocol";
import { FileTree, isUnfinished } from "./storage/files";
import { type RingMemory, serveRing } from "./storage/server";
import { zip } from "./storage/zip";

const CHANGED_DELAY_MILLIS = 100;
const PROGRESS_MILLIS = 100;
const FOLDER = "files";

/** A kernel worker's port: it says where its rings lie. */
export type StoragePortMessage = { kind: "ring"; memory: RingMemory; address: number };
/** From the page: a new kernel worker's port. */
type Attach = { kind: "attach"; port: MessagePort };

const scope = self as unknown as DedicatedWorkerGlobalScope;
const post = (message: StorageMessage): void => scope.postMessage(message);

const changes = new Set<string>();
function changed(path: string): void {
  if (isUnfinished(path)) return;
  if (changes.size === 0) {
    setTimeout(() => {
      const paths = [...changes];
      changes.clear();
      post({ kind: "changed", paths });
    }, CHANGED_DELAY_MILLIS);
  }
  changes.add(path);
}

const tree: Promise<FileTree> = (async () => {
  const root = await navigator.storage.getDirectory();
  const files = new FileTree(await root.getDirectoryHandle(FOLDER, { create: true }), changed);
  await files.removeUnfinished();
  return files;
})();

/** A file, or a folder with all it holds as an archive. */
async function download(files: FileTree, path: string): Promise<Blob> {
  if (!(await files.stat(path)).directory) return files.get(path);
  const name = path.split("/").at(-1)!;
  const entries = [];
  for (const entry of await files.walk(path)) {
    if (!entry.directory) entries.push({ name: `${name}/${entry.path.slice(path.length + 1)}`, modified: entry.modified, blob: await files.get(entry.path) });
  }
  return zip(entries);
}

async function handle(request: StorageRequest): Promise<void> {
  const files = await tree;
  const { id } = request;
  switch (request.kind) {
    case "list": {
      const entries: FileEntry[] = await files.walk(request.path);
      post({ kind: "listReply", id, entries });
      return;
    }
    case "put": {
      let last = 0;
      await files.put(request.path, request.blob, (loaded) => {
        if (performance.now() - last < PROGRESS_MILLIS) return;
        last = performance.now();
        post({ kind: "progress", id, loaded, total: request.blob.size });
      });
      post({ kind: "progress", id, loaded: request.blob.size, total: request.blob.size });
      post({ kind: "done", id });
      return;
    }
    case "get":
      post({ kind: "blob", id, blob: await download(files, request.path) });
      return;
    case "delete":
      await files.delete(request.path, request.recursive);
      post({ kind: "done", id });
      return;
    case "rename":
      await files.rename(request.from, request.to);
      post({ kind: "done", id });
      return;
    case "estimate": {
      const { usage = 0, quota = 0 } = await navigator.storage.estimate();
      post({ kind: "estimateReply", id, usage, quota });
      return;
    }
  }
}

function attach(port: MessagePort): void {
  port.onmessage = async (event: MessageEvent<StoragePortMessage>) => {
    void serveRing(event.data.memory, event.data.address, await tree);
  };
}

scope.onmessage = (event: MessageEvent<StorageRequest | Attach>) => {
  const request = event.data;
  if (request.kind === "attach") {
    attach(request.port);
    return;
  }
  handle(request).catch((error: unknown) => {
    post({ kind: "failed", id: request.id, error: error instanceof Error ? error.message : String(error) });
  });
};
