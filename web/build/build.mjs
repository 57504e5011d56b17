// `npm run build`: the static site in `dist/`.
//
//   --quick         no wasm-opt and no brotli, which take minutes; all else as published
//   --development   the same, with readable scripts

import { ensureNodeModules, say } from "./tools.mjs";

export async function buildSite({ development = false, quick = development } = {}) {
  if (quick) process.env.KINDLING_WASM_OPT = "0";
  await ensureNodeModules();
  // Imported after npm's packages are there.
  const [{ buildEngine }, { buildUi }, { buildPython }, { assemble, dist }] = await Promise.all(
    ["./engine.mjs", "./ui.mjs", "./python.mjs", "./site.mjs"].map((path) => import(path)),
  );
  await buildPython();
  await buildUi();
  await buildEngine();
  const fits = await assemble({ development, quick });
  say(`the site is in ${dist}`);
  return fits;
}

if (import.meta.url === `file://${process.argv[1]}`) {
  try {
    await buildSite({ development: process.argv.includes("--development"), quick: process.argv.includes("--quick") || undefined });
  } catch (error) {
    console.error(`[kindling] ${error.message}`);
    process.exit(1);
  }
}
