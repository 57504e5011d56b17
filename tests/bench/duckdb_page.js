// The page that DuckDB-WASM runs in. Bundled by `site.mjs` with the release that is measured.

import * as duckdb from "duckdb-wasm";

const at = (name) => new URL(`duckdb/${name}`, document.baseURI).href;
let database;
let connection;

window.duck = {
  async open(bundle, threads) {
    const worker = new Worker(at(`duckdb-browser-${bundle}.worker.js`));
    database = new duckdb.AsyncDuckDB(new duckdb.VoidLogger(), worker);
    await database.instantiate(at(`duckdb-${bundle}.wasm`), bundle === "coi" ? at("duckdb-browser-coi.pthread.worker.js") : null);
    await database.open(bundle === "coi" ? { maximumThreads: threads } : {});
    connection = await database.connect();
    if (bundle === "coi") await connection.query(`SET threads = ${threads}`);
    const [row] = (await connection.query("SELECT version() AS version, current_setting('threads') AS threads")).toArray();
    return { version: row.version, threads: Number(row.threads) };
  },

  /** Files from the page's picker, read where they lie. */
  async register(files) {
    for (const file of files) {
      await database.registerFileHandle(file.name, file, duckdb.DuckDBDataProtocol.BROWSER_FILEREADER, true);
    }
  },

  /** Time in milliseconds from asking to the rows' arrival in the page. */
  async run(sql) {
    const start = performance.now();
    const result = await connection.query(sql);
    return { millis: performance.now() - start, total: result.numRows };
  },
};
