// What `npm run bench` takes.

import { parseArgs } from "node:util";

const HELP = `npm run bench -- [options]

  --queries q01,q06,taxi   only these workloads (default: the 22 TPC-H queries and taxi)
  --only NAME,NAME         only these engines: ${["kindling-1", "kindling-2", "duckdb-eh", "duckdb-coi"].join(", ")}
  --rounds N               measured rounds (default 5)
  --warmup N               rounds before them that are not counted (default 3)
  --sf X                   TPC-H scale factor (default 0.1)
  --rows N                 taxi trips (default 1000000)
  --check                  compare answers with real Spark's for the same files, through the page; sizes that are recorded
                           (tests/real_data): --rows 100000 --sf 0.01
  --budgets                start times and peak memory only
  --dist FOLDER            the built site (default dist/, built when missing)
`;

export const ENGINES = ["kindling-1", "kindling-2", "duckdb-eh", "duckdb-coi"];

export function readOptions(argv) {
  const { values } = parseArgs({
    args: argv,
    options: {
      queries: { type: "string" },
      only: { type: "string" },
      rounds: { type: "string", default: "5" },
      warmup: { type: "string", default: "3" },
      sf: { type: "string", default: "0.1" },
      rows: { type: "string", default: "1000000" },
      check: { type: "boolean", default: false },
      budgets: { type: "boolean", default: false },
      dist: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(HELP);
    process.exit(0);
  }
  const list = (text) => text?.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const engines = list(values.only) ?? ENGINES;
  const unknown = engines.filter((name) => !ENGINES.includes(name));
  if (unknown.length > 0) throw new Error(`no such engine: ${unknown.join(", ")}. There are: ${ENGINES.join(", ")}`);
  const number = (name) => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new Error(`--${name} wants a positive number`);
    return value;
  };
  return {
    engines,
    queries: list(values.queries),
    rounds: number("rounds"),
    warmup: number("warmup"),
    sf: number("sf"),
    rows: number("rows"),
    check: values.check,
    budgets: values.budgets,
    dist: values.dist,
  };
}
