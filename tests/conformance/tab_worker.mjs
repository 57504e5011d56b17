// A worker for the doctests in the tab: a headless Chromium with the built site. The same lines as `worker.py` speaks: a job from
// standard input, a line per result, then `{"done": true}`.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "@playwright/test";
import { serve } from "../../web/build/serve.mjs";
import { root } from "../support/run.mjs";
import { Tab } from "../support/tab.mjs";

/** As `server.py` has it. */
const TIME_ZONE = "America/Los_Angeles";
/** As `server.py` has it, and Spark's own run of its doctests (`local[4]`): what some of them print depends on it. */
const THREADS = 4;
/** Runs a case with a session of its own; what it leaves in the notebook's session is nothing. */
const PRELUDE = `
import json as _json, tempfile as _tempfile, types as _types
from kindling import session as _kindling_session
_doctest_case = _types.ModuleType("doctest_case")
exec(compile(_json.loads(${JSON.stringify(JSON.stringify(readFileSync(join(import.meta.dirname, "doctest_case.py"), "utf8")))}), "doctest_case.py", "exec"), _doctest_case.__dict__)

def _run_case(text):
    import contextlib, io, traceback
    from pyspark.sql import SparkSession
    case = _json.loads(text)
    session = SparkSession.builder.create()
    def make_global(name):
        return session if name == "spark" else _tempfile.mkdtemp()
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            row = _doctest_case.run_case(case, make_global)
    except BaseException as error:
        row = {"id": case["id"], "status": "failed", "reason": repr(error)[:200], "log": traceback.format_exc()[-2000:]}
    with contextlib.suppress(Exception):
        session.stop()
    print(_json.dumps(row))
`;

const out = (row) => process.stdout.write(`${JSON.stringify(row)}\n`);

const server = await serve(join(root, "dist"), { port: 0 });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
const url = `http://localhost:${server.address().port}/`;
let tab;

/** A page whose kernel lives; a case that ends one costs the next a start. */
async function living() {
  if (tab !== undefined) return tab;
  const context = await browser.newContext({ timezoneId: TIME_ZONE });
  const fresh = new Tab(THREADS);
  await fresh.openPage(context, url);
  await fresh.python(PRELUDE);
  tab = fresh;
  return fresh;
}

async function runCase(item) {
  try {
    const text = await (await living()).python(`_run_case(${JSON.stringify(JSON.stringify(item))})`);
    return JSON.parse(text.trim().split("\n").at(-1));
  } catch (error) {
    await tab?.page.context().close();
    tab = undefined;
    return { status: "failed", reason: String(error.message).split("\n")[0].slice(0, 200), log: "" };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const job = JSON.parse(line);
  for (const [index, item] of job.items.entries()) {
    if (!job.skip.includes(index)) out({ index, ...(await runCase(item)) });
  }
  out({ done: true });
}
await browser.close();
server.close();
