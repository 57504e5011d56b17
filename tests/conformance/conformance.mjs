<<<<<<< HEAD
// `npm run conformance`: builds the native server and the site, then runs tests/conformance/run.py with the arguments given.
=======
// `npm run conformance`: builds the native server, then runs tests/conformance/run.py with the arguments given;
// with `--differential`, tests/conformance/differential/run.py.
>>>>>>> afb9860 (to_char, format_number, unbase64 and others as Spark writes them; the differential tester's own page)

import { join } from "node:path";
import { ensureBuilt, ensureChromium, ensureNodeModules, ensurePythonTests, ensureRust } from "../support/ensure.mjs";
import { environment, root, run } from "../support/run.mjs";

/** Runs the suites; answers what `run` answers. */
export async function conformance(args, options = {}) {
  await ensureRust();
  await ensurePythonTests();
  await run("cargo", ["build", "--quiet", "--package", "kindling"]);
  const suites = args.filter((_, i) => args[i - 1] === "--suite");
  if (suites.length === 0 || suites.includes("doctests_tab")) {
    await ensureNodeModules();
    await ensureChromium();
    await ensureBuilt();
  }
  const python = join(root, ".venv-test", "bin", "python");
  const folder = join(root, "tests", "conformance", args[0] === "--differential" ? "differential" : "");
  const rest = args[0] === "--differential" ? args.slice(1) : args;
  return run(python, [join(folder, "run.py"), ...rest], { allowFailure: true, ...options });
}

if (import.meta.url === `file://${process.argv[1]}`) {
  Object.assign(process.env, environment());
  const { code } = await conformance(process.argv.slice(2));
  process.exit(code);
}
