/** One executor thread: enters the engine's shared memory and never comes back to the event loop. */

import type { EngineModule, ThreadStart } from "./kernel/engine";

self.onmessage = async ({ data }: MessageEvent<ThreadStart>) => {
  const engine = (await import(data.glue)) as EngineModule;
  engine.initSync({ module: data.module, memory: data.memory, thread_stack_size: data.stack });
  self.postMessage("ready");
  engine.run_thread();
};
