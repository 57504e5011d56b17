// `npm run build`: the static site in `dist/`.
//
//   --development   readable scripts, no wasm-opt

import { ensureNodeModules, say } from "./tools.mjs";

const development = process.argv.includes("--development");
if (development) process.env.KINDLING_WASM_OPT = "0";

export async function buildSite() {
  await ensureNodeModules();
  // Imported after npm's packages are there.
  const [{ buildEngine }, { buildUi }, { buildPython }, { assemble, dist }] = await Promise.all(
    ["./engine.mjs", "./ui.mjs", "./python.mjs", "./site.mjs"].map((path) => import(path)),
  );
  await buildPython();
  await buildUi();
  await buildEngine();
  const fits = await assemble({ development });
  say(`the site is in ${dist}`);
  return fits;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  try {
    await buildSite();
  } catch (error) {
    console.error(`[kindling] ${error.message}`);
    process.exit(1);
  }
}
