/**
 * What the page's UI (`crates/kindling-ui`) calls to start its workers. The two know each other from the first moment: the
 * kernel gets a port to storage, and its requests go through memory they share.
 *
 * In Rust: `js_sys::Reflect::get(&window, "kindlingPage")`, then `startStorage()` once and `startKernel(storage)` at every
 * start and restart. Both return a `Worker` that speaks `protocol.ts`; a restart is `kernel.terminate()` and `startKernel` again.
 */

import type { KernelRequest } from "./protocol";

declare const KERNEL_WORKER: string;
declare const STORAGE_WORKER: string;

/** What the UI sees as `window.kindlingPage`. */
export interface KindlingPage {
  startStorage(): Worker;
  startKernel(storage: Worker): Worker;
  /** `null` when threads can be had; else one plain sentence on what is missing and what to do. */
  unsupported(): string | null;
  /** DEFLATE (RFC 1951), for share links. */
  deflate(text: string): Promise<Uint8Array>;
  /** Fails on what is not deflated UTF-8, and on more than `most` bytes of it. */
  inflate(bytes: Uint8Array<ArrayBuffer>, most: number): Promise<string>;
}

export const page: KindlingPage = {
  startStorage() {
    return new Worker(new URL(STORAGE_WORKER, document.baseURI), { type: "module", name: "storage" });
  },

  startKernel(storage) {
    const kernel = new Worker(new URL(KERNEL_WORKER, document.baseURI), { type: "module", name: "kernel" });
    const files = new MessageChannel();
    const commands = new MessageChannel();
    storage.postMessage({ kind: "attach", port: files.port1 }, [files.port1]);
    kernel.postMessage({ kind: "attach", storage: files.port2, commands: commands.port2 }, [files.port2, commands.port2]);
    // While a query runs the kernel worker reads nothing; what cannot wait goes to the engine's control thread.
    const post = kernel.postMessage.bind(kernel) as (message: KernelRequest, transfer: Transferable[]) => void;
    kernel.postMessage = (message: KernelRequest, transfer?: Transferable[] | StructuredSerializeOptions) => {
      if (message.kind === "killExecutor") commands.port1.postMessage(message);
      else post(message, Array.isArray(transfer) ? transfer : (transfer?.transfer ?? []));
    };
    return kernel;
  },

  unsupported() {
    if (typeof WebAssembly !== "object") return "This browser has no WebAssembly. Use a current Chrome, Edge, Firefox or Safari.";
    if (!window.isSecureContext) return "Kindling needs a secure address: open it over https:// or on localhost.";
    if (!window.crossOriginIsolated) {
      return "This page is not cross-origin isolated, so the browser gives it no threads. Reload it once; if that does not help, allow service workers for this site, leave private browsing, or serve it with `kindling serve`.";
    }
    if (!navigator.storage?.getDirectory) return "This browser keeps no files for pages (OPFS). Use a current Chrome, Edge, Firefox or Safari, outside private browsing.";
    return null;
  },

  async deflate(text) {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("deflate-raw"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  },

  async inflate(bytes, most) {
    // A copy: the bytes lie in the memory of the UI's module, which goes on meanwhile.
    const stream = new Blob([bytes.slice()]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const utf8 = new TextDecoder("utf-8", { fatal: true });
    let text = "";
    let length = 0;
    for (const reader = stream.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return text + utf8.decode();
      length += value.length;
      if (length > most) {
        await reader.cancel();
        throw new Error(`more than ${most} bytes`);
      }
      text += utf8.decode(value, { stream: true });
    }
  },
};
