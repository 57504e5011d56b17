// What is measured: one text per workload, the same for both engines. Their views are declared by each engine.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../support/run.mjs";

const queries = join(root, "tests", "tpch", "queries");

/** Peak hours: the whole CSV is parsed at each run. */
export const TAXI = `SELECT hour(tpep_pickup_datetime) AS hour, count(*) AS trips, avg(trip_distance) AS distance,
       sum(total_amount) AS takings
FROM trips GROUP BY hour(tpep_pickup_datetime) ORDER BY hour`;

/** Scans and aggregates: where a second thread has to show. */
export const SCANS = ["q01", "q06", "taxi"];

/** `[{ name, group, sql }]`, in the order they run; the group says which files they need. */
export function workloads(wanted) {
  const all = readdirSync(queries)
    .filter((name) => name.endsWith(".sql"))
    .sort()
    .map((name) => ({ name: name.replace(".sql", ""), group: "tpch", sql: readFileSync(join(queries, name), "utf8").trim() }));
  all.push({ name: "taxi", group: "taxi", sql: TAXI });
  const unknown = (wanted ?? []).filter((name) => !all.some((workload) => workload.name === name));
  if (unknown.length > 0) throw new Error(`no such workload: ${unknown.join(", ")}`);
  return all.filter(({ name }) => wanted === undefined || wanted.includes(name));
}
