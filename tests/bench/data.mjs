// The files that are measured: made once by `kindling-bench-data`, kept in `target/bench/data`.

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { environment, root, run, say } from "../support/run.mjs";

export const TABLES = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];

const data = join(root, "target", "bench", "data");

async function generate(target, args) {
  if (existsSync(target)) return target;
  mkdirSync(data, { recursive: true });
  const unfinished = `${target}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  say(`generating ${target}`);
  await run("cargo", ["run", "--quiet", "--package", "kindling-bench-data", "--bin", "generate", "--", ...args, "--out", unfinished], {
    env: environment(),
  });
  renameSync(unfinished, target);
  return target;
}

/** The folder with a Parquet file per TPC-H table. */
export function tpch(sf) {
  return generate(join(data, `tpch-${sf}`), ["tpch", "--sf", String(sf)]);
}

/** A CSV file of taxi trips. */
export async function taxi(rows) {
  const folder = join(data, `taxi-${rows}`);
  mkdirSync(folder, { recursive: true });
  return generate(join(folder, "taxi.csv"), ["taxi", "--rows", String(rows)]);
}
