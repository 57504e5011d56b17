/**
 * The engine's control thread. While a query runs, the kernel worker is blocked and reads no messages; this one has nothing
 * else to do than to hear the page.
 */

import { type ControlStart, enterEngine } from "./kernel/engine";
import type { KernelRequest } from "./protocol";

const SIGINT = 2;
const POLL_MILLIS = 50;

self.onmessage = async ({ data }: MessageEvent<ControlStart>) => {
  const engine = await enterEngine(data);
  setInterval(() => {
    // Python clears the flag when it raises KeyboardInterrupt, the kernel when the cell has ended.
    if (Atomics.load(data.interrupt, 0) === SIGINT) engine.interrupt();
  }, POLL_MILLIS);
  data.commands.onmessage = ({ data: request }: MessageEvent<KernelRequest>) => {
    if (request.kind === "killExecutor") engine.kill_executor(request.executorId);
  };
  self.postMessage("ready");
};
