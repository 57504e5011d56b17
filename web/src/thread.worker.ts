/** One executor thread: enters the engine's shared memory and never comes back to the event loop. */

interface Start {
  glue: string;
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  stack: number;
}

interface ThreadExports {
  initSync(options: { module: WebAssembly.Module; memory: WebAssembly.Memory; thread_stack_size: number }): unknown;
  run_thread(): void;
}

self.onmessage = async ({ data }: MessageEvent<Start>) => {
  const engine = (await import(data.glue)) as ThreadExports;
  engine.initSync({ module: data.module, memory: data.memory, thread_stack_size: data.stack });
  self.postMessage("ready");
  engine.run_thread();
};
