// `npm start`: installs what is missing, builds, serves the site. With --watch, scripts and styles are rebuilt as they change.

import { watch } from "node:fs";
import { join } from "node:path";
import { buildSite } from "./build.mjs";
import { serve } from "./serve.mjs";
import { root, say } from "./tools.mjs";

const port = Number(process.env.PORT ?? 8080);
const watching = process.argv.includes("--watch");

try {
  await buildSite();
  const { assemble, dist } = await import("./site.mjs");
  await serve(dist, { port });
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
