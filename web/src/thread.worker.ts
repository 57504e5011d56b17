/** One executor thread: enters the engine's shared memory and never comes back to the event loop. */

import { type ThreadStart, enterEngine } from "./kernel/engine";

self.onmessage = async ({ data }: MessageEvent<ThreadStart>) => {
  const engine = await enterEngine(data);
  self.postMessage("ready");
  engine.run_thread();
};
