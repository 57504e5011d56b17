import { expect, test } from "./fixtures";
import { eventLog } from "../support/event_log.mjs";
import { CELL, file, type KindlingPage } from "./kindling_page";

/** A join and an aggregate: several stages, an adaptive plan. */
const JOIN = [
  "from pyspark.sql import functions as F",
  'left = spark.range(0, 20000, 1, 4).withColumn("k", F.col("id") % 50)',
  'right = spark.range(50).withColumnRenamed("id", "k")',
  'joined = left.join(right, "k").groupBy("k").agg(F.count("*").alias("n"))',
  'print("groups", joined.count())',
].join("\n");

async function open(kindling: KindlingPage, tab: string): Promise<void> {
  await kindling.sparkTab(tab);
}

test("jobs: description by cell and line, timeline, stages of a job", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done(JOIN);
  await open(kindling, "jobs");
  const row = page.getByTestId("job-row").first();
  await expect(row).toContainText("count at cell 1, line 5");
  await expect(row).toHaveAttribute("data-state", "SUCCEEDED");
  await expect(page.getByTestId("event-timeline")).toContainText("Exec 0");
  await row.getByRole("link").first().click();
  await expect(page.getByRole("heading", { name: /Details for Job/ })).toBeVisible();
  await expect(page.getByTestId("dag-viz")).toBeVisible();
  await expect(page.getByTestId("stage-row").first()).toBeVisible();
});

test("stages: DAG, timeline, summary metrics, tasks; sorting survives leaving the page", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done(JOIN);
  await open(kindling, "stages");
  const ran = page.locator('[data-testid="stage-row"][data-state="COMPLETE"]').first();
  await ran.getByRole("link").first().click();
  await expect(page.getByTestId("page-stage")).toBeVisible();
  await expect(page.getByTestId("dag-viz")).toBeVisible();
  await expect(page.getByTestId("stage-timeline")).toContainText("Executor Computing Time");
  await expect(page.getByTestId("summary-metrics")).toContainText("Median");
  await expect(page.getByTestId("task-row").first()).toContainText("SUCCESS");
  const duration = page.getByTestId("tasks-table").getByRole("columnheader", { name: "Duration" });
  await duration.getByRole("button").click();
  await expect(duration).toHaveAttribute("aria-sort", "descending");
  await open(kindling, "jobs");
  await page.getByTestId("spark-tab-stages").click();
  await ran.getByRole("link").first().click();
  await expect(duration).toHaveAttribute("aria-sort", "descending");
});

test("SQL: the plan with row counts, metrics of a node, the adaptive changes", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done(JOIN);
  await open(kindling, "sql");
  await expect(page.getByTestId("sql-summary")).toContainText("Total Queries");
  const row = page.getByTestId("sql-row").first();
  await expect(row).toContainText("count at cell 1, line 5");
  await row.getByRole("link").first().click();
  await expect(page.getByTestId("page-sql")).toBeVisible();
  await page.getByTestId("plan-show-initial").click();
  await expect(page.getByTestId("plan-initial").getByTestId("plan-node").first()).toBeVisible();
  await page.getByTestId("plan-show-final").click();
  const node = page.getByTestId("plan-final").getByTestId("plan-node").filter({ hasText: "HashAggregate" }).first();
  await node.click();
  await expect(page.getByTestId("node-details")).toContainText("number of output rows");
  await page.getByTestId("plan-search").fill("Exchange");
  await expect(page.getByTestId("page-sql")).toContainText(/Exchange/);
});

test("executors and environment: threads, memory, settings with what was changed", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done('spark.conf.set("spark.sql.shuffle.partitions", "7")\nspark.range(10).repartition(3).count()');
  await open(kindling, "executors");
  await expect(page.getByTestId("executor-card").first()).toContainText("thread 0");
  await expect(page.getByTestId("executor-row").first()).toBeVisible();
  await expect(page.getByTestId("memory-gauge")).not.toContainText("—");
  await open(kindling, "environment");
  await expect(page.getByTestId("page-environment")).toContainText("spark.app.name");
  await kindling.done('spark.conf.unset("spark.sql.shuffle.partitions")');
});

test("pages are live while a job runs", async ({ kindling }) => {
  const { page } = kindling;
  await open(kindling, "jobs");
  await kindling.start(0, "spark.range(0, 3 * 10**9, 1, 24).selectExpr('sum(hash(id))').collect()");
  await expect(page.locator('[data-testid="job-row"][data-state="RUNNING"]')).toBeVisible({ timeout: CELL });
  await expect(kindling.cell(0).getByTestId("stage-progress").first()).toBeVisible();
  await expect(page.getByTestId("spark-tab-jobs")).toContainText("1");
  await page.getByTestId("interrupt").click();
  await kindling.ended(0);
  await expect(page.locator('[data-testid="job-row"][data-state="RUNNING"]')).toHaveCount(0);
});

test("a killed executor costs its blocks; the query ends right", async ({ kindling }) => {
  const { page } = kindling;
  await open(kindling, "executors");
  await kindling.start(
    0,
    "df = spark.range(0, 400_000_000, 1, 16).selectExpr('hash(id) % 10 AS k').groupBy('k').count()\nprint('sum', df.groupBy().sum('count').collect()[0][0])",
  );
  await expect(kindling.cell(0).getByTestId("stage-progress").first()).toBeVisible({ timeout: CELL });
  const card = page.getByTestId("executor-card").filter({ has: page.getByTestId("kill-executor") }).last();
  await card.getByTestId("kill-executor").click();
  await page.getByTestId("kill-executor-confirm").click();
  await expect(page.getByTestId("toast").filter({ hasText: "lost" })).toBeVisible();
  await expect(page.getByTestId("executor-card").filter({ hasText: "Dead" }).first()).toBeVisible();
  await expect(kindling.cell(0)).toHaveAttribute("data-state", "done", { timeout: 2 * CELL });
  await expect(kindling.output().first()).toContainText("sum 400000000");
});

test("the event log is downloaded, and opened again read-only", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done("spark.range(100).repartition(2).count()");
  const log = await kindling.download(async () => {
    await page.getByTestId("event-log").click();
    await page.getByRole("button", { name: "Download event log" }).click();
  });
  const lines = log.bytes.toString().trim().split("\n");
  const events = lines.map((line) => (JSON.parse(line) as { Event: string }).Event);
  for (const name of ["SparkListenerApplicationStart", "SparkListenerJobStart", "SparkListenerStageCompleted", "SparkListenerTaskEnd", "SparkListenerJobEnd"]) {
    expect(events).toContain(name);
  }
  await page.getByLabel("Open an event log").setInputFiles(file("local-log", log.bytes));
  await expect(page.getByTestId("event-log-banner")).toHaveCount(1);
  await expect(page.getByTestId("event-log-banner")).toContainText("read-only");
  await expect(page.getByTestId("job-row").first()).toBeVisible();
  await open(kindling, "executors");
  await expect(page.getByTestId("executor-card").first()).toBeVisible();
  await expect(page.getByTestId("kill-executor")).toHaveCount(0);
  await page.getByRole("button", { name: "Back to this notebook" }).click();
  await expect(page.getByTestId("event-log-banner")).toHaveCount(0);
});

test("a stage of five thousand tasks is drawn with few elements", async ({ kindling }) => {
  const { page } = kindling;
  await page.getByLabel("Open an event log").setInputFiles(file("many-tasks", eventLog(5000)));
  await expect(page.getByTestId("event-log-banner")).toBeVisible();
  await open(kindling, "stages");
  await expect(page.getByTestId("stage-row").first()).toContainText("5000/5000", { timeout: 30_000 });
  await page.locator('[data-testid="stage-row"] [data-go]').first().click();
  await expect(page.getByTestId("summary-metrics")).toContainText("Median");
  await expect(page.getByTestId("task-row")).toHaveCount(50);
  await expect(page.getByTestId("stage-timeline").locator("svg.many").first()).toBeVisible();
  // How long it takes is measured by `npm run bench -- --budgets`.
  expect(await page.getByTestId("page-stage").locator("*").count()).toBeLessThan(4_000);
  await page.getByRole("button", { name: "Back to this notebook" }).click();
});
