// DuckDB-WASM in pages of its own: files come through a picker and are read where they lie, as its users do.

import { TABLES } from "./data.mjs";

/** A release that cannot start (its extension is out of reach) may not say so, but wait for ever. */
const OPEN_MILLIS = 120_000;

/** How each group of workloads gets its views. */
const VIEWS = {
  tpch: {
    files: ({ tpch }) => TABLES.map((table) => `${tpch}/${table}.parquet`),
    statements: TABLES.map((table) => `CREATE OR REPLACE VIEW ${table} AS SELECT * FROM read_parquet('${table}.parquet')`),
  },
  taxi: {
    files: ({ taxi }) => [taxi],
    statements: ["CREATE OR REPLACE VIEW trips AS SELECT * FROM read_csv_auto('taxi.csv', header = true)"],
  },
};

/** One page with one release, over the files of one group. */
class Session {
  async start(context, url, { bundle, threads, group, files }) {
    this.page = await context.newPage();
    await this.page.goto(url);
    await this.page.waitForFunction(() => window.duck !== undefined);
    const found = await this.page.evaluate(([bundle, threads]) => window.duck.open(bundle, threads), [bundle, threads]);
    const views = VIEWS[group];
    await this.page.locator("input[type=file]").setInputFiles(views.files(files));
    await this.page.evaluate(() => window.duck.register(document.querySelector("input[type=file]").files));
    for (const statement of views.statements) await this.run(statement);
    return found;
  }

  async run(sql) {
    return await this.page.evaluate((text) => window.duck.run(text), sql);
  }
}

export class DuckDbEngine {
  constructor(name, bundle, threads) {
    this.name = name;
    this.bundle = bundle;
    this.threads = threads;
    this.sessions = {};
    this.reasons = {};
  }

  /** Each group of workloads runs on the newest release that can read its files. */
  async open(context, site, files) {
    const described = { engine: "duckdb-wasm", bundle: this.bundle };
    for (const group of Object.keys(files).filter((group) => files[group] !== undefined)) {
      const reasons = [];
      for (const { release, url } of site.duckdb) {
        const session = new Session();
        try {
          const options = { bundle: this.bundle, threads: this.threads, group, files };
          const found = await inTime(session.start(context, url, options));
          this.sessions[group] = session;
          described[group] = { release, ...found };
          break;
        } catch (error) {
          await session.page?.close();
          reasons.push(`${release}: ${String(error.message).split("\n")[0]}`);
        }
      }
      if (reasons.length > 0) described[group] = { ...described[group], notThese: reasons };
      this.reasons[group] = reasons.join("; ");
    }
    return described;
  }

  /** Time in milliseconds from asking to the rows' arrival in the page. */
  async run({ group, sql }) {
    const session = this.sessions[group];
    if (session === undefined) throw new Error(`no release can read the files here: ${this.reasons[group]}`);
    return await session.run(sql);
  }
}

async function inTime(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not ready after ${OPEN_MILLIS / 1000} s`)), OPEN_MILLIS);
  });
  // When it is too late its own failure is of no interest.
  promise.catch(() => undefined);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
