import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "./fixtures";
import type { KindlingPage } from "./kindling_page";
import { targetFolder } from "./playwright.config";

/** What real Spark answered on the same generated files, and the code that asked it. */
const folder = resolve(import.meta.dirname, "..", "real_data");
const analyses = readFileSync(join(folder, "analyses.py"), "utf8");
const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as Record<string, Record<string, unknown>>;
const queries = resolve(import.meta.dirname, "..", "tpch", "queries");
const tables = ["customer", "lineitem", "nation", "orders", "part", "partsupp", "region", "supplier"];
/** Sizes that fit the time of a test; `npm run bench -- --check` takes larger ones. */
const scaleFactor = "0.01";
const trips = "100000";

const data = join(tmpdir(), "kindling-real-data");
test.beforeAll(() => {
  const generate = (...args: string[]) => execFileSync(join(targetFolder, "debug", "generate"), args);
  mkdirSync(data, { recursive: true });
  generate("tpch", "--sf", scaleFactor, "--out", join(data, "tpch"));
  generate("taxi", "--rows", trips, "--out", join(data, "taxi.csv"));
});

/** Runs a cell that prints JSON. */
async function answers(kindling: KindlingPage, code: string): Promise<Record<string, unknown>> {
  const output = await kindling.done(`${analyses}\nspark.conf.set("spark.sql.session.timeZone", "UTC")\n${code}`);
  return JSON.parse((await output.textContent()) ?? "") as Record<string, unknown>;
}

test("the 22 TPC-H queries over uploaded Parquet give what Spark gives", async ({ kindling }) => {
  await kindling.upload(...tables.map((table) => join(data, "tpch", `${table}.parquet`)));
  const wanted = expected[`tpch-${scaleFactor}`]!;
  const texts = Object.fromEntries(Object.keys(wanted).map((name) => [name, readFileSync(join(queries, `${name}.sql`), "utf8")]));
  const found = await answers(
    kindling,
    [
      'register_tpch(spark, "")',
      `queries = json.loads(${JSON.stringify(JSON.stringify(texts))})`,
      "print(json.dumps({name: answer(spark.sql(query)) for name, query in queries.items()}))",
    ].join("\n"),
  );
  for (const [name, answer] of Object.entries(wanted)) expect.soft(found[name], name).toEqual(answer);
});

test("peak hours, revenue by cell and tips of taxi trips in an uploaded CSV are what Spark gives", async ({ kindling }) => {
  await kindling.upload(join(data, "taxi.csv"));
  const found = await answers(kindling, 'print(json.dumps(taxi_answers(spark, "taxi.csv")))');
  for (const [name, answer] of Object.entries(expected[`taxi-${trips}`]!)) expect.soft(found[name], name).toEqual(answer);
});
