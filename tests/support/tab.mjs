// Kindling in its own page, driven by a program: files come through the page's picker, code goes to the kernel worker as a cell's does.

const RUN_MILLIS = 300_000;

/** Runs in the page before its own scripts: keeps the kernel worker, and answers code with times as the page sees them. */
function hook() {
  const Plain = window.Worker;
  const waiting = new Map();
  let nextId = 1_000_000;
  window.Worker = class extends Plain {
    constructor(url, options) {
      super(url, options);
      if (options?.name !== "kernel") return;
      window.benchKernel = this;
      this.addEventListener("message", ({ data }) => {
        if (data.kind === "engineReady") window.benchReady = true;
        if (data.kind === "pythonReady") window.benchPython = true;
        if (data.kind === "dead") for (const run of waiting.values()) run.reject(new Error(`the kernel died: ${data.reason}`));
        const run = waiting.get(data.id);
        if (run === undefined) return;
        if (data.kind === "executeResult") run.result = data.data;
        if (data.kind === "stream") run.text += data.text;
        if (data.kind === "error") run.error = data.error.evalue;
        if (data.kind !== "executeReply") return;
        waiting.delete(data.id);
        const millis = performance.now() - run.start;
        if (run.error !== undefined) run.reject(new Error(run.error));
        else run.resolve({ millis, result: run.result, text: run.text });
      });
    }
  };
  window.benchRun = (language, code) =>
    new Promise((resolve, reject) => {
      const id = nextId++;
      waiting.set(id, { start: performance.now(), text: "", resolve, reject });
      window.benchKernel.postMessage({ kind: "execute", id, cellId: `bench${id}`, cellNumber: 0, language, code });
    });
}

export class Tab {
  /** `threads` executors of one core each. */
  constructor(threads) {
    this.threads = threads;
  }

  /** Opens the site at `url` in a browser context and waits until its engine runs. */
  async openPage(context, url) {
    this.page = await context.newPage();
    await this.page.addInitScript(hook);
    await this.page.addInitScript((threads) => {
      localStorage.setItem("kindling-cluster", JSON.stringify({ executors: threads, cores: 1 }));
    }, this.threads);
    await this.page.goto(url);
    await this.page.waitForFunction(() => window.benchReady === true, undefined, { timeout: RUN_MILLIS });
  }

  /** Gives the page a file as a person does; answers its path there. */
  async upload(path) {
    const file = path.split("/").at(-1);
    await this.page.locator("input[type=file][multiple]").first().setInputFiles(path);
    await this.uploaded(file);
    return file;
  }

  /** Waits until the engine sees a file as a whole. */
  async uploaded(file) {
    await this.page.getByRole("tab", { name: "Files" }).click();
    await this.page.locator(`[data-testid="file-row"][data-path="${file}"]`).waitFor({ timeout: RUN_MILLIS });
  }

  /** What a statement gives, and the milliseconds from asking to its arrival in the page. */
  async sql(text) {
    return this.page.evaluate((text) => window.benchRun("sql", text), text);
  }

  /** What a Python cell prints. */
  async python(code) {
    await this.page.waitForFunction(() => window.benchPython === true, undefined, { timeout: RUN_MILLIS });
    const { text } = await this.page.evaluate((text) => window.benchRun("python", text), code);
    return text;
  }
}
