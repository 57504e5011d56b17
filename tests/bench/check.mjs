// `--check`: the answers of the page over uploaded files of full size, beside what real Spark gave (`tests/real_data`).

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { root } from "../support/run.mjs";
import { taxi, tpch, TABLES } from "./data.mjs";
import { KindlingEngine } from "./kindling_engine.mjs";
import { workloads } from "./workloads.mjs";

const folder = join(root, "tests", "real_data");

async function answers(engine, code) {
  const analyses = readFileSync(join(folder, "analyses.py"), "utf8");
  const printed = await engine.python(`${analyses}\nspark.conf.set("spark.sql.session.timeZone", "UTC")\n${code}`);
  return JSON.parse(printed);
}

export async function check(launch, site, options) {
  const expected = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8"));
  const wantedOf = (name) => {
    if (expected[name] === undefined) throw new Error(`Spark's answers for ${name} are not recorded: see tests/real_data/record.py`);
    return Object.entries(expected[name]);
  };
  const context = await launch();
  const engine = new KindlingEngine("check", 2);
  await engine.openPage(context, site.kindling);
  const different = [];
  let passed = 0;
  const compare = (name, found, wanted) => {
    if (isDeepStrictEqual(found, wanted)) passed += 1;
    else {
      different.push(name);
      console.log(`DIFFERENT ${name}\n  found  ${JSON.stringify(found)}\n  wanted ${JSON.stringify(wanted)}`);
    }
  };

  const trips = wantedOf(`taxi-${options.rows}`);
  const file = await engine.upload(await taxi(options.rows));
  const found = await answers(engine, `print(json.dumps(taxi_answers(spark, ${JSON.stringify(file)})))`);
  for (const [name, wanted] of trips) compare(name, found[name], wanted);

  const queries = wantedOf(`tpch-${options.sf}`);
  const tables = await tpch(options.sf);
  for (const table of TABLES) await engine.upload(`${tables}/${table}.parquet`);
  await answers(engine, 'register_tpch(spark, "")\nprint("{}")');
  const texts = new Map(workloads().map(({ name, sql }) => [name, sql]));
  for (const [name, wanted] of queries) {
    const sql = JSON.stringify(texts.get(name));
    try {
      compare(name, await answers(engine, `print(json.dumps(answer(spark.sql(${sql}))))`), wanted);
    } catch (error) {
      compare(name, { failed: String(error.message).split("\n")[0] }, wanted);
    }
  }
  console.log(`check: ${passed} answers equal Spark's, ${different.length} differ`);
  return { passed, failed: different.length, different };
}
