/**
 * The file tree in OPFS. Only the storage worker uses it: a file's sync access handle is exclusive, so there is one owner.
 *
 * Handles stay open between requests, the least recently used are closed. What changes the tree runs one after another; reads
 * and writes of open files do not wait for that.
 */

import { Errno, type FileStat } from "./ring";

const OPEN_FILES = 64;

/**
 * Ending of a file that is still being written, by an upload or by a task (`crates/kindling-wasm/src/storage/file_system.rs`). Nobody sees
 * it; what a closed tab left is removed at the next start.
 */
const UNFINISHED = ".kindling-unfinished";

/** Whether a path is that of a file that is still being written. */
export function isUnfinished(path: string): boolean {
  return path.endsWith(UNFINISHED);
}

export class FileError extends Error {
  constructor(
    readonly errno: Errno,
    message: string,
  ) {
    super(message);
  }
}

/** `./data//trips.csv` → `["data", "trips.csv"]`. */
export function segments(path: string): string[] {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts;
}

interface OpenFile {
  handle: FileSystemSyncAccessHandle;
  written: boolean;
}

export class FileTree {
  private readonly open = new Map<string, OpenFile>();
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly root: FileSystemDirectoryHandle,
    private readonly changed: (path: string) => void,
  ) {}

  /** Runs after everything that was asked for before. */
  private exclusive<T>(action: () => Promise<T>): Promise<T> {
    const result = this.tail.then(action);
    this.tail = result.catch(() => undefined);
    return result;
  }

  private async directory(parts: string[], create = false): Promise<FileSystemDirectoryHandle> {
    let directory = this.root;
    for (const part of parts) {
      directory = await translate(directory.getDirectoryHandle(part, { create }), part);
    }
    return directory;
  }

  private async entry(path: string): Promise<FileSystemHandle> {
    const parts = segments(path);
    const name = parts.pop();
    if (name === undefined) return this.root;
    const parent = await this.directory(parts);
    try {
      return await parent.getFileHandle(name);
    } catch (error) {
      if (error instanceof DOMException && error.name === "TypeMismatchError") return await parent.getDirectoryHandle(name);
      throw fileError(error, path);
    }
  }

  /** An open handle if there is one: the fast path of reads and writes. */
  opened(path: string): FileSystemSyncAccessHandle | undefined {
    const key = segments(path).join("/");
    const file = this.open.get(key);
    if (file === undefined) return undefined;
    this.open.delete(key);
    this.open.set(key, file);
    return file.handle;
  }

  async handle(path: string, create = false): Promise<FileSystemSyncAccessHandle> {
    return this.opened(path) ?? (await this.exclusive(() => this.openHandle(path, create)));
  }

  private async openHandle(path: string, create: boolean): Promise<FileSystemSyncAccessHandle> {
    const already = this.opened(path);
    if (already !== undefined) return already;
    const parts = segments(path);
    const key = parts.join("/");
    const name = parts.pop();
    if (name === undefined) throw new FileError(Errno.IsDirectory, "the root is a directory");
    const parent = await this.directory(parts, create);
    const file = await translate(parent.getFileHandle(name, { create }), path);
    const handle = await translate(file.createSyncAccessHandle(), path);
    this.open.set(key, { handle, written: false });
    for (const [oldest] of this.open) {
      if (this.open.size <= OPEN_FILES) break;
      this.close(oldest);
    }
    return handle;
  }

  private close(key: string): void {
    const file = this.open.get(key);
    if (file === undefined) return;
    this.open.delete(key);
    if (file.written) file.handle.flush();
    file.handle.close();
    if (file.written) this.changed(key);
  }

  /** Closes a file, or all below a directory. */
  private closeBelow(path: string): void {
    const key = segments(path).join("/");
    for (const open of [...this.open.keys()]) {
      if (key === "" || open === key || open.startsWith(`${key}/`)) this.close(open);
    }
  }

  markWritten(path: string): void {
    const file = this.open.get(segments(path).join("/"));
    if (file !== undefined) file.written = true;
  }

  async stat(path: string): Promise<FileStat> {
    const entry = await this.entry(path);
    if (entry.kind === "directory") return { size: 0, modified: 0, directory: true };
    const file = await (entry as FileSystemFileHandle).getFile();
    return { size: this.opened(path)?.getSize() ?? file.size, modified: file.lastModified, directory: false };
  }

  /** What a folder holds, sorted by name, but what is unfinished. */
  async list(path: string): Promise<({ name: string } & FileStat)[]> {
    return (await this.listAll(path)).filter(({ name }) => !isUnfinished(name));
  }

  private async listAll(path: string): Promise<({ name: string } & FileStat)[]> {
    const entry = await this.entry(path);
    if (entry.kind !== "directory") throw new FileError(Errno.NotDirectory, `${path} is not a directory`);
    const entries = [];
    const prefix = segments(path).join("/");
    for await (const [name, child] of (entry as FileSystemDirectoryHandle).entries()) {
      if (child.kind === "directory") {
        entries.push({ name, size: 0, modified: 0, directory: true });
      } else {
        const file = await (child as FileSystemFileHandle).getFile();
        const open = this.opened(prefix === "" ? name : `${prefix}/${name}`);
        entries.push({ name, size: open?.getSize() ?? file.size, modified: file.lastModified, directory: false });
      }
    }
    return entries.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  async truncate(path: string, size: number, exclusive: boolean): Promise<void> {
    if (exclusive && (await this.exists(path))) throw new FileError(Errno.Exists, `${path} exists`);
    const handle = await this.handle(path, true);
    handle.truncate(size);
    this.markWritten(path);
  }

  async exists(path: string): Promise<boolean> {
    try {
      await this.entry(path);
      return true;
    } catch (error) {
      if (error instanceof FileError && (error.errno === Errno.NoEntry || error.errno === Errno.NotDirectory)) return false;
      throw error;
    }
  }

  makeDirectory(path: string): Promise<void> {
    return this.exclusive(async () => {
      await this.directory(segments(path), true);
      this.changed(path);
    });
  }

  delete(path: string, recursive: boolean): Promise<void> {
    return this.exclusive(async () => {
      const parts = segments(path);
      const name = parts.pop();
      if (name === undefined) throw new FileError(Errno.Invalid, "the root cannot be deleted");
      const parent = await this.directory(parts);
      this.closeBelow(path);
      await translate(parent.removeEntry(name, { recursive }), path);
      this.changed(path);
    });
  }

  rename(from: string, to: string): Promise<void> {
    return this.exclusive(async () => {
      const source = await this.entry(from);
      const parts = segments(to);
      const name = parts.pop();
      if (name === undefined) throw new FileError(Errno.Exists, "the root exists");
      this.closeBelow(from);
      this.closeBelow(to);
      const parent = await this.directory(parts, true);
      await this.move(source, parent, name);
      this.changed(from);
      this.changed(to);
    });
  }

  private async move(source: FileSystemHandle, parent: FileSystemDirectoryHandle, name: string): Promise<void> {
    const movable = source as FileSystemHandle & { move?: (parent: FileSystemDirectoryHandle, name: string) => Promise<void> };
    if (source.kind === "file" && movable.move !== undefined) {
      await movable.move(parent, name);
      return;
    }
    // Browsers cannot move directories: their files are moved one by one.
    if (source.kind === "directory") {
      const target = await parent.getDirectoryHandle(name, { create: true });
      const from = source as FileSystemDirectoryHandle;
      const children: [string, FileSystemHandle][] = [];
      for await (const child of from.entries()) children.push(child as [string, FileSystemHandle]);
      for (const [child, handle] of children) await this.move(handle, target, child);
      await (from as FileSystemDirectoryHandle & { remove?: (o: object) => Promise<void> }).remove?.({ recursive: true });
      return;
    }
    const target = await parent.getFileHandle(name, { create: true });
    const blob = await (source as FileSystemFileHandle).getFile();
    await blob.stream().pipeTo(await target.createWritable());
    await (source as FileSystemFileHandle & { remove?: () => Promise<void> }).remove?.();
  }

  flush(path: string): void {
    const key = segments(path).join("/");
    const file = this.open.get(key);
    if (file === undefined) return;
    file.handle.flush();
    if (file.written) this.changed(key);
    file.written = false;
  }

  /** Copies a file in, a chunk at a time. It appears under its name only when it is whole. */
  async put(path: string, blob: Blob, progress: (loaded: number) => void): Promise<void> {
    const partial = `${path}${UNFINISHED}`;
    await this.truncate(partial, 0, false);
    const handle = await this.handle(partial, true);
    try {
      let at = 0;
      const reader = blob.stream().getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        writeAll(handle, value, at, path);
        at += value.length;
        progress(at);
      }
      handle.flush();
      await this.rename(partial, path);
    } catch (error) {
      // A full disk must not stay full of what nobody sees.
      await this.delete(partial, false).catch(() => undefined);
      throw error;
    }
  }

  /** The file as a Blob; it stays readable as long as the file is not written. */
  async get(path: string): Promise<Blob> {
    await this.exclusive(async () => this.closeBelow(path));
    const entry = await this.entry(path);
    if (entry.kind === "directory") throw new FileError(Errno.IsDirectory, `${path} is a directory`);
    return await (entry as FileSystemFileHandle).getFile();
  }

  /** Removes what writers that are gone left unfinished. What cannot be removed is being written, by another tab. */
  async removeUnfinished(folder = ""): Promise<void> {
    for (const { name, directory } of await this.listAll(folder)) {
      const path = folder === "" ? name : `${folder}/${name}`;
      if (directory) await this.removeUnfinished(path);
      else if (isUnfinished(path)) await this.delete(path, false).catch(() => undefined);
    }
  }

  /** Every file and folder below a path, depth first. */
  async walk(path: string): Promise<({ path: string } & FileStat)[]> {
    const found = [];
    for (const { name, ...stat } of await this.list(path)) {
      const child = path === "" ? name : `${path}/${name}`;
      found.push({ path: child, ...stat });
      if (stat.directory) found.push(...(await this.walk(child)));
    }
    return found;
  }
}

/** Writes until all is written; a full disk is an error, not a short file. */
export function writeAll(handle: FileSystemSyncAccessHandle, bytes: Uint8Array, at: number, path: string): void {
  let written = 0;
  while (written < bytes.length) {
    const count = handle.write(bytes.subarray(written) as Uint8Array<ArrayBuffer>, { at: at + written });
    if (count <= 0) throw new FileError(Errno.NoSpace, `no space left while writing ${path}`);
    written += count;
  }
}

async function translate<T>(promise: Promise<T>, path: string): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    throw fileError(error, path);
  }
}

/** The browser's exceptions as errno values. */
export function fileError(error: unknown, path: string): FileError {
  if (error instanceof FileError) return error;
  if (error instanceof DOMException) {
    switch (error.name) {
      case "NotFoundError":
        return new FileError(Errno.NoEntry, `${path} does not exist`);
      case "TypeMismatchError":
        return new FileError(Errno.NotDirectory, `${path} is not of the expected kind`);
      case "InvalidModificationError":
        return new FileError(Errno.NotEmpty, `${path} is not empty`);
      case "QuotaExceededError":
        return new FileError(Errno.NoSpace, `no space left while writing ${path}`);
      case "NoModificationAllowedError":
        return new FileError(Errno.Busy, `${path} is in use, perhaps by another tab`);
    }
  }
  if (error instanceof TypeError) return new FileError(Errno.Invalid, `${path} is not a valid name`);
  return new FileError(Errno.Io, `${path}: ${error instanceof Error ? error.message : String(error)}`);
}
