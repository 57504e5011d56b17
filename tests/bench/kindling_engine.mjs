// Kindling as one of the engines that are measured.

import { Tab } from "../support/tab.mjs";
import { TABLES } from "./data.mjs";

export class KindlingEngine extends Tab {
  constructor(name, threads) {
    super(threads);
    this.name = name;
  }

  async open(context, site, data) {
    await this.openPage(context, site.kindling);
    await this.declare(data);
    return { engine: "kindling", executors: this.threads, cores: 1 };
  }

  /** Uploads what there is and makes it views. */
  async declare({ tpch, taxi }) {
    if (tpch !== undefined) {
      for (const table of TABLES) {
        const file = await this.upload(`${tpch}/${table}.parquet`);
        await this.run({ sql: `CREATE OR REPLACE TEMPORARY VIEW ${table} USING parquet OPTIONS (path '${file}')` });
      }
    }
    if (taxi !== undefined) {
      const file = await this.upload(taxi);
      await this.run({ sql: `CREATE OR REPLACE TEMPORARY VIEW trips USING csv OPTIONS (path '${file}', header true, inferSchema true)` });
    }
  }

  /** Time in milliseconds from asking to the rows' arrival in the page. */
  async run({ sql }) {
    const { millis, result } = await this.sql(sql);
    const grid = Object.values(result ?? {}).find((value) => typeof value === "object");
    return { millis, rows: grid?.rows, total: grid?.totalRows ?? grid?.rows?.length ?? 0 };
  }
}
