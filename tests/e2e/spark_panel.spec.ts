import { expect, test } from "./fixtures";
import { CELL, SLOW, file, type KindlingPage } from "./kindling_page";

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
  await page.getByTestId("stage-row").last().getByRole("link").first().click();
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
  await page.getByTestId("stage-row").last().getByRole("link").first().click();
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

test("a stage of five thousand tasks is drawn without a long task", async ({ kindling }) => {
  const { page } = kindling;
  await page.getByLabel("Open an event log").setInputFiles(file("many-tasks", eventLog(5000)));
  await expect(page.getByTestId("event-log-banner")).toBeVisible();
  await open(kindling, "stages");
  await expect(page.getByTestId("stage-row").first()).toContainText("5000/5000", { timeout: 30_000 });
  const longest = await page.evaluate(async () => {
    const tasks: number[] = [];
    const observer = new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration)));
    observer.observe({ entryTypes: ["longtask"] });
    document.querySelector<HTMLElement>('[data-testid="stage-row"] [data-go]')!.click();
    await new Promise((resolve) => setTimeout(resolve, 1500));
    observer.disconnect();
    return Math.max(0, ...tasks);
  });
  await expect(page.getByTestId("summary-metrics")).toContainText("Median");
  await expect(page.getByTestId("task-row")).toHaveCount(50);
  test.info().annotations.push({ type: "longest task", description: `${Math.round(longest)} ms` });
  await page.getByRole("button", { name: "Back to this notebook" }).click();
  expect(longest).toBeLessThan(50 * SLOW);
});

/** A log of one stage of so many tasks, as Spark writes it. */
function eventLog(tasks: number): string {
  const stage = (more: object) => ({
    "Stage ID": 0, "Stage Attempt ID": 0, "Stage Name": "count at cell 1, line 1", "Number of Tasks": tasks, "RDD Info": [], "Parent IDs": [], Details: "", Accumulables: [], "Resource Profile Id": 0, ...more,
  });
  const info = (index: number, finish: number) => ({
    "Task ID": index, Index: index, Attempt: 0, "Partition ID": index, "Launch Time": 1000 + index * 10, "Executor ID": String(index % 2), Host: "tab", Locality: "PROCESS_LOCAL",
    Speculative: false, "Getting Result Time": 0, "Finish Time": finish, Failed: false, Killed: false, Accumulables: [],
  });
  const metrics = (index: number) => ({
    "Executor Deserialize Time": 1, "Executor Deserialize CPU Time": 0, "Executor Run Time": 5 + (index % 13), "Executor CPU Time": 0, "Peak Execution Memory": 1000 + index, "Result Size": 10,
    "JVM GC Time": 0, "Result Serialization Time": 0, "Memory Bytes Spilled": 0, "Disk Bytes Spilled": 0,
    "Shuffle Read Metrics": { "Remote Blocks Fetched": 0, "Local Blocks Fetched": 4, "Fetch Wait Time": 0, "Remote Bytes Read": 0, "Remote Bytes Read To Disk": 0, "Local Bytes Read": 4000 + index, "Total Records Read": 40 },
    "Shuffle Write Metrics": { "Shuffle Bytes Written": 300 + index, "Shuffle Write Time": 100, "Shuffle Records Written": 5 },
    "Input Metrics": { "Bytes Read": 0, "Records Read": 0 }, "Output Metrics": { "Bytes Written": 0, "Records Written": 0 }, "Updated Blocks": [],
  });
  const events: object[] = [
    { Event: "SparkListenerLogStart", "Spark Version": "4.2.0" },
    { Event: "SparkListenerApplicationStart", "App Name": "many tasks", "App ID": "local-1", Timestamp: 900, User: "notebook" },
    { Event: "SparkListenerJobStart", "Job ID": 0, "Submission Time": 1000, "Stage Infos": [stage({})], "Stage IDs": [0], Properties: {} },
    { Event: "SparkListenerStageSubmitted", "Stage Info": stage({ "Submission Time": 1000 }), Properties: {} },
  ];
  for (let index = 0; index < tasks; index++) {
    events.push({ Event: "SparkListenerTaskStart", "Stage ID": 0, "Stage Attempt ID": 0, "Task Info": info(index, 0) });
    events.push({
      Event: "SparkListenerTaskEnd", "Stage ID": 0, "Stage Attempt ID": 0, "Task Type": "ResultTask", "Task End Reason": { Reason: "Success" }, "Task Info": info(index, 1010 + index * 10 + (index % 7)),
      "Task Executor Metrics": {}, "Task Metrics": metrics(index),
    });
  }
  events.push({ Event: "SparkListenerStageCompleted", "Stage Info": stage({ "Submission Time": 1000, "Completion Time": 60_000 }) });
  events.push({ Event: "SparkListenerJobEnd", "Job ID": 0, "Completion Time": 60_000, "Job Result": { Result: "JobSucceeded" } });
  return events.map((event) => JSON.stringify(event)).join("\n");
}
