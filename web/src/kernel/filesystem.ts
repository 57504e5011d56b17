/**
 * The file tree as an Emscripten file system, so that Python's `open()`, `os.listdir()` and the like see what Spark sees.
 * Every call is one synchronous request to the storage worker.
 */

import { StorageFailure, type SyncStorage } from "../storage/client";
import { Errno } from "../storage/ring";

/** Mode bits as in `stat.h`. */
const DIRECTORY = 0o040777;
const FILE = 0o100666;

interface Node {
  id: number;
  parent: Node;
  name: string;
  mode: number;
  mount: { opts: { root: string } };
  node_ops: unknown;
  stream_ops: unknown;
}

interface Stream {
  node: Node;
  position: number;
  flags: number;
}

/** The parts of Emscripten's `FS` that a file system needs. */
export interface EmscriptenFS {
  createNode(parent: Node | null, name: string, mode: number, dev: number): Node;
  isFile(mode: number): boolean;
  isDir(mode: number): boolean;
  ErrnoError: new (errno: number) => Error;
  mkdirTree(path: string): void;
  mount(type: unknown, options: object, path: string): void;
}

export function storageFileSystem(FS: EmscriptenFS, storage: SyncStorage): object {
  const path = (node: Node): string => {
    const parts: string[] = [];
    let at = node;
    for (; at.parent !== at; at = at.parent) parts.push(at.name);
    const root = at.mount.opts.root;
    return [...(root === "" ? [] : [root]), ...parts.reverse()].join("/");
  };
  const below = (parent: Node, name: string): string => {
    const folder = path(parent);
    return folder === "" ? name : `${folder}/${name}`;
  };
  const guarded = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (error instanceof StorageFailure) throw new FS.ErrnoError(error.errno);
      throw error;
    }
  };
  const create = (parent: Node | null, name: string, mode: number): Node => {
    const node = FS.createNode(parent, name, mode, 0);
    node.node_ops = nodeOps;
    node.stream_ops = streamOps;
    return node;
  };
  const attributes = (node: Node) =>
    guarded(() => {
      const stat = storage.stat(path(node));
      const time = new Date(stat.modified);
      return {
        dev: 1,
        ino: node.id,
        mode: stat.directory ? DIRECTORY : FILE,
        nlink: 1,
        uid: 0,
        gid: 0,
        rdev: 0,
        size: stat.size,
        atime: time,
        mtime: time,
        ctime: time,
        blksize: 4096,
        blocks: Math.ceil(stat.size / 512),
      };
    });

  const nodeOps = {
    getattr: attributes,
    setattr(node: Node, change: { size?: number; mode?: number }) {
      if (change.size !== undefined) guarded(() => storage.truncate(path(node), change.size!));
    },
    lookup(parent: Node, name: string): Node {
      const stat = guarded(() => storage.stat(below(parent, name)));
      return create(parent, name, stat.directory ? DIRECTORY : FILE);
    },
    mknod(parent: Node, name: string, mode: number): Node {
      guarded(() => (FS.isDir(mode) ? storage.makeDirectory(below(parent, name)) : storage.truncate(below(parent, name), 0)));
      return create(parent, name, mode);
    },
    rename(node: Node, parent: Node, name: string) {
      guarded(() => storage.rename(path(node), below(parent, name)));
      node.parent = parent;
      node.name = name;
    },
    unlink(parent: Node, name: string) {
      guarded(() => storage.delete(below(parent, name)));
    },
    rmdir(parent: Node, name: string) {
      guarded(() => storage.delete(below(parent, name)));
    },
    readdir(node: Node): string[] {
      return guarded(() => [".", "..", ...storage.list(path(node)).map((entry) => entry.name)]);
    },
  };

  const streamOps = {
    open() {},
    close(stream: Stream) {
      const written = (stream.flags & 3) !== 0;
      if (written) guarded(() => storage.flush(path(stream.node)));
    },
    read(stream: Stream, buffer: Int8Array, offset: number, length: number, position: number): number {
      const into = new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length);
      return guarded(() => storage.read(path(stream.node), into, position));
    },
    write(stream: Stream, buffer: Int8Array, offset: number, length: number, position: number): number {
      const from = new Uint8Array(buffer.buffer, buffer.byteOffset + offset, length);
      return guarded(() => storage.write(path(stream.node), from, position));
    },
    llseek(stream: Stream, offset: number, whence: number): number {
      let position = offset;
      if (whence === 1) position += stream.position;
      else if (whence === 2) position += guarded(() => storage.stat(path(stream.node)).size);
      if (position < 0) throw new FS.ErrnoError(Errno.Invalid);
      return position;
    },
  };

  return {
    mount: (mount: { opts: { root: string } }) => {
      const root = create(null, "/", DIRECTORY);
      root.mount = mount;
      return root;
    },
    node_ops: nodeOps,
    stream_ops: streamOps,
  };
}
