// Kindling in its own page: files come through the page's picker, SQL goes to the kernel worker as a cell's does.

import { TABLES } from "./data.mjs";

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

export class KindlingEngine {
  constructor(name, threads) {
    this.name = name;
    this.threads = threads;
  }

  async open(browser, site, { tpch, taxi }) {
    await this.openPage(await browser.newContext(), site);
    if (tpch !== undefined) {
      for (const table of TABLES) {
        const file = await this.upload(`${tpch}/${table}.parquet`);
        await this.run({ sql: `CREATE OR REPLACE TEMPORARY VIEW ${table} USING parquet OPTIONS (path '${file}')` });
      }
    }
    if (taxi !== undefined) {
      const file = await this.upload(taxi);
      await this.run({ sql: `CREATE OR REPLACE TEMPORARY VIEW trips USING csv OPTIONS (path '${file}', header true, inferSchema true)` });
    }
    return { engine: "kindling", executors: this.threads, cores: 1 };
  }

  /** A page whose engine runs. */
  async openPage(context, site) {
    this.page = await context.newPage();
    await this.page.addInitScript(hook);
    await this.page.addInitScript((threads) => {
      localStorage.setItem("kindling-cluster", JSON.stringify({ executors: threads, cores: 1 }));
    }, this.threads);
    await this.page.goto(site.kindling);
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
    await this.page.getByTestId("file-row").filter({ hasText: file }).waitFor({ timeout: RUN_MILLIS });
  }

  /** Time in milliseconds from asking to the rows' arrival in the page. */
  async run({ sql }) {
    const { millis, result } = await this.page.evaluate((text) => window.benchRun("sql", text), sql);
    const grid = Object.values(result ?? {}).find((value) => typeof value === "object");
    return { millis, rows: grid?.rows, total: grid?.totalRows ?? grid?.rows?.length ?? 0 };
  }

  /** What a Python cell prints. */
  async python(code) {
    await this.page.waitForFunction(() => window.benchPython === true, undefined, { timeout: RUN_MILLIS });
    const { text } = await this.page.evaluate((text) => window.benchRun("python", text), code);
    return text;
  }
}
