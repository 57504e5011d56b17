// `npm test`: everything, in order of cost. Prints what runs, keeps going after a failure, ends with the totals.
//
//   npm test                 all suites
//   npm test -- rust e2e     only these
//
// A suite answers { passed, failed }; a check that has no cases counts as one.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ensureBuilt, ensureChromium, ensureNodeModules, ensurePythonTests, ensureRust } from "./support/ensure.mjs";
import { conformance } from "./conformance/conformance.mjs";
import { counted, environment, root, run, say } from "./support/run.mjs";

const python = join(root, ".venv-test", "bin", "python");

/** The page and the build tool are built apart: their features would make cargo compile DataFusion once more. */
const engine = ["--workspace", "--exclude", "kindling-wasm", "--exclude", "kindling-ui", "--exclude", "kindling-split"];
const page = ["--package", "kindling-ui"];
const split = ["--package", "kindling-split"];

/** Every suite in the order it runs. */
const suites = {
  async style() {
    await ensureRust();
    await ensureNodeModules();
    return counted([
      ["cargo fmt", () => run("cargo", ["fmt", "--all", "--check"])],
      ["cargo clippy", () => run("cargo", ["clippy", ...engine, "--all-targets", "--quiet", "--", "-D", "warnings"])],
      ["cargo clippy of the page", () => run("cargo", ["clippy", ...page, "--all-targets", "--quiet", "--", "-D", "warnings"])],
      ["cargo clippy of the build tool", () => run("cargo", ["clippy", ...split, "--all-targets", "--quiet", "--", "-D", "warnings"])],
      ["tsc", () => run("npx", ["tsc", "-p", "web"])],
      ["licences", licences],
      ["ruff", async () => run((await ensurePythonTests()).ruff, ["check", "web/python", "tests"])],
    ]);
  },

  async rust() {
    await ensureRust();
    const test = (crates) => run("cargo", ["test", ...crates, "--no-fail-fast"], { allowFailure: true, capture: true });
    const totals = [];
    for (const crates of [engine, page, split]) totals.push(cargoTotals(await test(crates)));
    return totals.reduce(sum);
  },

  async connect() {
    await ensureRust();
    await ensurePythonTests();
    await run("cargo", ["build", "--package", "kindling", "--package", "kindling-bench-data"]);
    return pytest(["tests/connect", "web/python/tests"]);
  },

  async conformance() {
    const { code, output } = await conformance(["--check"], { capture: true });
    const totals = /^(\d+) passed, (\d+) failed$/m.exec(output);
    if (!totals) return { passed: 0, failed: 1 };
    return { passed: Number(totals[1]), failed: code === 0 ? Number(totals[2]) : Math.max(Number(totals[2]), 1) };
  },

  async e2e() {
    await ensureNodeModules();
    await ensureChromium();
    await ensureBuilt();
    // The server of the site, and the data of its specs.
    await run("cargo", ["build", "--package", "kindling", "--package", "kindling-bench-data"]);
    const report = join(root, "target", "playwright.json");
    const result = await run("npx", ["playwright", "test", "--config", "tests/e2e/playwright.config.ts"], {
      allowFailure: true,
      env: { PLAYWRIGHT_JSON_OUTPUT_NAME: report },
    });
    return playwrightTotals(result, report);
  },
};

function sum(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}

async function licences() {
  const deny = process.env.KINDLING_CARGO_DENY ?? (await ensureRust()).deny;
  await run(deny, ["--log-level", "error", "check", "licenses", "sources"]);
}

/** Sums cargo's `test result:` lines; a crate that does not build counts as a failure. */
function cargoTotals({ code, output }) {
  let passed = 0;
  let failed = 0;
  for (const match of output.matchAll(/^test result: \w+\. (\d+) passed; (\d+) failed;/gm)) {
    passed += Number(match[1]);
    failed += Number(match[2]);
  }
  return { passed, failed: code === 0 ? failed : Math.max(failed, 1) };
}

async function pytest(paths) {
  const result = await run(python, ["-m", "pytest", "-q", "--color=no", "-p", "no:cacheprovider", ...paths], {
    allowFailure: true,
    capture: true,
  });
  const summary = result.output.trim().split("\n").at(-1) ?? "";
  const number = (word) => Number(new RegExp(`(\\d+) ${word}`).exec(summary)?.[1] ?? 0);
  const failed = number("failed") + number("errors?");
  return { passed: number("passed"), failed: result.code === 0 ? failed : Math.max(failed, 1) };
}

async function playwrightTotals({ code }, report) {
  const { readFileSync } = await import("node:fs");
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { stats } = JSON.parse(readFileSync(report, "utf8"));
  const failed = stats.unexpected + stats.flaky;
  return { passed: stats.expected, failed: code === 0 ? failed : Math.max(failed, 1) };
}

const byDefault = ["style", "rust", "connect", "conformance", "e2e"];
const named = process.argv.slice(2);
const wanted = named.length > 0 ? named : byDefault;
const unknown = wanted.filter((name) => !(name in suites));
if (unknown.length > 0) {
  console.error(`No such suite: ${unknown.join(", ")}. There are: ${Object.keys(suites).join(", ")}`);
  process.exit(2);
}

mkdirSync(join(root, "target"), { recursive: true });
Object.assign(process.env, environment());
let passed = 0;
let failed = 0;
for (const [name, suite] of Object.entries(suites)) {
  if (!wanted.includes(name)) continue;
  const start = Date.now();
  say(`suite ${name}`);
  let totals;
  try {
    totals = await suite();
  } catch (error) {
    console.error(String(error?.message ?? error));
    totals = { passed: 0, failed: 1 };
  }
  const seconds = Math.round((Date.now() - start) / 1000);
  say(`suite ${name}: ${totals.passed} passed, ${totals.failed} failed in ${seconds} s`);
  passed += totals.passed;
  failed += totals.failed;
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);
