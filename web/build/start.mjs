// `npm start`: installs what is missing, builds, serves the site. With --watch, scripts and styles are rebuilt as they change.

import { watch } from "node:fs";
import { join } from "node:path";
import { buildSite } from "./build.mjs";
import { serve } from "./serve.mjs";
import { root, say } from "./tools.mjs";

const watching = process.argv.includes("--watch");

try {
  const port = portOf(process.env.PORT ?? "8080");
  // Before the build: a port in use should not be learnt half an hour later.
  await serve(join(root, "dist"), { port });
  await buildSite({ quick: true });
  const { assemble } = await import("./site.mjs");
  say(`http://localhost:${port}`);
  if (watching) {
    let pending;
    watch(join(root, "web"), { recursive: true }, () => {
      clearTimeout(pending);
      pending = setTimeout(() => assemble({ development: true }).catch((error) => console.error(error.message)), 200);
    });
  }
} catch (error) {
  console.error(`[kindling] ${error.message}`);
  process.exit(1);
}

function portOf(text) {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 1 || port > 65535) throw new Error(`PORT=${text} is not a port: give a number from 1 to 65535`);
  return port;
}
