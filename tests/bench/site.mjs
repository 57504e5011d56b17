// What the browser loads: the built site, and a page for DuckDB-WASM made of its npm package. Nothing comes from elsewhere.

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import { serve } from "../../web/build/serve.mjs";
import { root, run } from "../support/run.mjs";

const require = createRequire(import.meta.url);

/**
 * Releases of DuckDB-WASM, best first. Since 1.29 the Parquet reader is an extension that the page fetches from DuckDB's own server;
 * where that is out of reach, the last release that has the reader inside is measured, and the result says so.
 */
export const RELEASES = ["@duckdb/duckdb-wasm", "duckdb-wasm-parquet"];

async function duckdbSite(release) {
  const source = dirname(require.resolve(`${release}/dist/duckdb-eh.wasm`));
  const { version } = JSON.parse(readFileSync(join(source, "..", "package.json"), "utf8"));
  const folder = join(root, "target", "bench", `duckdb-${version}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "duckdb"), { recursive: true });
  for (const bundle of ["eh", "coi"]) {
    for (const name of [`duckdb-${bundle}.wasm`, `duckdb-browser-${bundle}.worker.js`]) cpSync(join(source, name), join(folder, "duckdb", name));
  }
  const threads = "duckdb-browser-coi.pthread.worker.js";
  cpSync(join(source, threads), join(folder, "duckdb", threads));
  await build({
    entryPoints: [join(import.meta.dirname, "duckdb_page.js")],
    alias: { "duckdb-wasm": join(source, "duckdb-browser.mjs") },
    nodePaths: [join(root, "node_modules", release, "node_modules"), join(root, "node_modules")],
    bundle: true,
    format: "esm",
    outfile: join(folder, "page.js"),
    logLevel: "warning",
  });
  writeFileSync(
    join(folder, "index.html"),
    '<!doctype html><title>DuckDB-WASM</title><input type="file" multiple><script type="module" src="page.js"></script>',
  );
  return { folder, version };
}

/** Serves both; `duckdb` is one address per release. */
export async function openSite(options) {
  const dist = resolve(options.dist ?? join(root, "dist"));
  if (!existsSync(join(dist, "index.html"))) {
    if (options.dist !== undefined) throw new Error(`${dist} holds no built site`);
    await run("npm", ["run", "--silent", "build"]);
  }
  const servers = [];
  const at = async (folder) => {
    const server = await serve(folder, { port: 0 });
    servers.push(server);
    return `http://localhost:${server.address().port}/`;
  };
  const kindling = await at(dist);
  const duckdb = [];
  if (options.engines.some((name) => name.startsWith("duckdb"))) {
    for (const release of RELEASES) {
      const { folder, version } = await duckdbSite(release);
      duckdb.push({ release: version, url: await at(folder) });
    }
  }
  const close = () => servers.forEach((server) => server.close());
  return { kindling, duckdb, close };
}
