// A static server for development and tests. `kindling serve` is the one for use.
//
//   node web/build/serve.mjs [folder] [--port 8080] [--no-headers] [--prefix /some/path]

import { createReadStream, existsSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".csv": "text/csv; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ipynb": "application/json",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".zip": "application/zip",
};
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
};

/** Serves a folder; resolves when it listens, with the server. */
export function serve(folder, { port = 8080, headers = true, prefix = "/" } = {}) {
  const below = prefix.endsWith("/") ? prefix : `${prefix}/`;
  const server = createServer((request, response) => {
    const refuse = (code) => response.writeHead(code, { "content-type": "text/plain" }).end(`${code}\n`);
    const path = pathOf(request.url);
    if (path === null) return refuse(400);
    if (!existsSync(folder)) return refuse(503);
    if (!path.startsWith(below)) return refuse(404);
    const relative = normalize(path.slice(below.length)).replace(/^(\.\.[/\\])+/, "");
    const file = join(folder, relative === "." || relative === "" || relative.endsWith("/") ? join(relative, "index.html") : relative);
    if (!existsSync(file) || !statSync(file).isFile()) return refuse(404);
    response.writeHead(200, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-length": statSync(file).size,
      "cache-control": /-[0-9a-f]{10}[/.]/.test(relative) ? "public, max-age=31536000, immutable" : "no-cache",
      ...(headers ? ISOLATION : {}),
    });
    if (request.method === "HEAD") response.end();
    else createReadStream(file).pipe(response);
  });
  return new Promise((resolve, reject) => {
    server.on("error", (error) => {
      reject(error.code === "EADDRINUSE" ? new Error(`port ${port} is in use: stop what uses it, or choose another with PORT=${port + 1} npm start`) : error);
    });
    server.listen(port, "localhost", () => resolve(server));
  });
}

/** The decoded path of a request, or null when it is not one. */
function pathOf(url) {
  try {
    return decodeURIComponent(new URL(url, "http://localhost").pathname);
  } catch {
    return null;
  }
}

if (import.meta.url === `file://${process.argv[1]}`) {
  const values = process.argv.slice(2);
  const option = (name, fallback) => (values.includes(name) ? values[values.indexOf(name) + 1] : fallback);
  const folder = values[0] && !values[0].startsWith("--") ? values[0] : "dist";
  const port = Number(option("--port", process.env.PORT ?? 8080));
  const prefix = option("--prefix", "/");
  try {
    await serve(folder, { port, headers: !values.includes("--no-headers"), prefix });
    console.log(`http://localhost:${port}${prefix}`);
  } catch (error) {
    console.error(`[kindling] ${error.message}`);
    process.exit(1);
  }
}
