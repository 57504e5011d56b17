import { expect, test } from "./fixtures";
import { CELL, file, type KindlingPage } from "./kindling_page";

/** Runs a cell that must fail with a Spark condition. */
async function fails(kindling: KindlingPage, text: string, condition: string, sqlState?: string): Promise<void> {
  await kindling.run(0, text);
  await expect(kindling.cell(0)).toHaveAttribute("data-state", "failed");
  await expect(kindling.error().getByTestId("error-class")).toContainText(condition);
  if (sqlState !== undefined) await expect(kindling.error()).toContainText(sqlState);
}

test("a wrong column: the condition, what could be meant, the line", async ({ kindling }) => {
  await fails(kindling, 'df = spark.range(3)\ndf.select("idd").show()', "UNRESOLVED_COLUMN.WITH_SUGGESTION", "42703");
  await expect(kindling.error()).toContainText("AnalysisException");
  await expect(kindling.cell(0).locator(".cm-line.hit")).toContainText('select("idd")');
});

test("a hint is applied, and undone", async ({ kindling }) => {
  await fails(kindling, 'spark.range(3).select("idd").show()', "UNRESOLVED_COLUMN.WITH_SUGGESTION");
  await kindling.cell(0).getByTestId("apply-fix").click();
  await expect(kindling.cell(0).getByTestId("cell-editor")).toContainText('select("id")');
  await kindling.page.keyboard.press("Escape");
  await kindling.page.keyboard.press("z");
  await expect(kindling.cell(0).getByTestId("cell-editor")).toContainText('select("idd")');
});

test("a wrong type", async ({ kindling }) => {
  await fails(kindling, 'spark.range(3).where("id + 1").show()', "DATATYPE_MISMATCH.FILTER_NOT_BOOLEAN", "42K09");
  await fails(kindling, "spark.sql(\"SELECT CAST('many' AS INT)\").show()", "CAST_INVALID_INPUT", "22018");
});

test("a syntax error, in SQL and in Python", async ({ kindling }) => {
  await fails(kindling, "%%sql\nSELEC 1", "PARSE_SYNTAX_ERROR", "42601");
  await kindling.run(0, "x = 1\nfor i in range(3)\n    print(i)");
  await expect(kindling.error()).toContainText("SyntaxError");
  await expect(kindling.cell(0).locator(".cm-line.hit")).toContainText("for i in range(3)");
});

test("division by zero under ANSI shows the fragment", async ({ kindling }) => {
  await fails(kindling, "%%sql\nSELECT id, 10 / id AS tenth\nFROM range(3)", "DIVIDE_BY_ZERO", "22012");
  await expect(kindling.error().getByTestId("query-context")).toContainText("10 / id");
});

test("a missing path", async ({ kindling }) => {
  await fails(kindling, 'spark.read.csv("nowhere.csv").show()', "PATH_NOT_FOUND", "42K03");
});

test("an empty file has no rows and no columns", async ({ kindling }) => {
  await kindling.upload(file("empty.csv", ""));
  await kindling.file("empty.csv").click();
  await expect(kindling.page.getByTestId("schema-preview")).toContainText("0 rows");
  const output = await kindling.done('df = spark.read.option("header", True).csv("empty.csv")\nprint(df.columns, df.count())');
  await expect(output).toContainText("[] 0");
});

test("a ragged and quoted CSV is read as Spark reads it", async ({ kindling }) => {
  await kindling.upload(file("ragged.csv", 'a,b,c\n1,"x, y",3\n2,"say ""hi"""\n4\n5,6,7,8\n"line\nbreak",9,10\n'));
  const output = await kindling.done(
    'df = spark.read.option("header", True).option("multiLine", True).option("escape", \'"\').csv("ragged.csv")\nfor row in df.collect():\n    print(tuple(row))',
  );
  for (const row of [`('1', 'x, y', '3')`, `('2', 'say "hi"', None)`, `('4', None, None)`, `('5', '6', '7')`, `('line\\nbreak', '9', '10')`]) {
    await expect(output).toContainText(row);
  }
});

test("binary junk named .csv gives rows, its preview too, and a responsive page", async ({ kindling }) => {
  const junk = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * i * 7919 + (i >> 3)) % 256));
  await kindling.upload(file("junk.csv", junk));
  await kindling.file("junk.csv").click();
  await expect(kindling.page.getByTestId("schema-preview")).not.toContainText("Reading", { timeout: CELL });
  await kindling.expectResponsive();
  const output = await kindling.done('print("rows", spark.read.csv("junk.csv").count() > 0)');
  await expect(output).toContainText("rows True");
  await kindling.done('spark.read.csv("junk.csv").limit(5)');
});

test("a truncated Parquet file names itself, in the cell and in its preview", async ({ kindling }) => {
  await kindling.done(
    [
      "import glob",
      'spark.range(5000).coalesce(1).write.mode("overwrite").parquet("whole")',
      'data = open(glob.glob("whole/part-*.parquet")[0], "rb").read()',
      'open("half.parquet", "wb").write(data[: len(data) // 2])',
    ].join("\n"),
  );
  await fails(kindling, 'spark.read.parquet("half.parquet").show()', "FAILED_READ_FILE.CANNOT_READ_FILE_FOOTER");
  await expect(kindling.error()).toContainText("half.parquet");
  await kindling.sideTab("Files");
  await kindling.file("half.parquet").click();
  await expect(kindling.page.getByTestId("schema-preview").getByRole("alert")).toContainText("CANNOT_READ_FILE_FOOTER");
});

test("a Parquet file without rows keeps its columns", async ({ kindling }) => {
  await kindling.done('spark.range(0).selectExpr("id", "CAST(id AS STRING) AS s").write.mode("overwrite").parquet("norows")\nspark.read.parquet("norows")');
  await expect(kindling.cell(0).getByTestId("result-grid")).toContainText("bigint");
  await expect(kindling.cell(0).getByTestId("result-grid")).toContainText("s");
});

test("two columns of one name are both shown, and ambiguous by name", async ({ kindling }) => {
  await kindling.done('both = spark.sql("SELECT 11 AS a, 22 AS a")\nboth');
  await expect(kindling.cell(0).getByTestId("result-grid")).toContainText("11");
  await expect(kindling.cell(0).getByTestId("result-grid")).toContainText("22");
  await fails(kindling, 'both.select("a").show()', "AMBIGUOUS_REFERENCE", "42704");
  await fails(kindling, 'both.write.mode("overwrite").parquet("twice")', "COLUMN_ALREADY_EXISTS");
});

test("text that is not UTF-8 is read by its encoding", async ({ kindling }) => {
  await kindling.upload(file("latin.csv", Buffer.from("name,city\nJosé,Malmö\n", "latin1")));
  const output = await kindling.done(
    'reader = spark.read.option("header", True)\nprint(reader.option("encoding", "ISO-8859-1").csv("latin.csv").collect())\nprint(reader.csv("latin.csv").count())',
  );
  await expect(output).toContainText("Row(name='José', city='Malmö')");
  await kindling.file("latin.csv").click();
  await expect(kindling.page.getByTestId("schema-preview")).toContainText("city");
});

test("a file of three hundred columns is previewed and shown", async ({ kindling }) => {
  const header = Array.from({ length: 300 }, (_, i) => `c${i}`).join(",");
  const lines = Array.from({ length: 50 }, (_, row) => Array.from({ length: 300 }, (_, i) => row * i).join(","));
  await kindling.upload(file("wide.csv", [header, ...lines, ""].join("\n")));
  await kindling.file("wide.csv").click();
  await expect(kindling.page.getByTestId("schema-preview")).toContainText("c299");
  await kindling.done('spark.read.option("header", True).option("inferSchema", True).csv("wide.csv")');
  await expect(kindling.cell(0)).toContainText("300 columns");
  await kindling.expectResponsive();
});

test("a million printed lines leave the page responsive, and all of them can be downloaded", async ({ kindling }) => {
  await kindling.start(0, "for i in range(1_000_000):\n    print(i)");
  await expect(kindling.output().first()).toContainText("1000");
  await kindling.expectResponsive();
  await expect(kindling.cell(0)).toHaveAttribute("data-state", "done", { timeout: 2 * CELL });
  await expect(kindling.cell(0)).toContainText("999999");
  await kindling.expectResponsive();
});

test("ten million rows are shown in part", async ({ kindling }) => {
  await kindling.done("ten = spark.range(10_000_000)\nten");
  await expect(kindling.cell(0).getByTestId("result-grid")).toBeVisible();
  await expect(kindling.cell(0)).toContainText(/first 1,000|first 10,000/);
  await kindling.expectResponsive();
});

test("collecting ten million rows gives them or a MemoryError, and loses nothing", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done("before = 'kept'");
  const index = await kindling.append("rows = spark.range(10_000_000).collect()\nprint('rows', len(rows))\ndel rows");
  await page.keyboard.press("Control+Enter");
  await expect(kindling.cell(index)).toHaveAttribute("data-state", /running|queued/);
  await kindling.expectResponsive();
  await expect(kindling.cell(index)).toHaveAttribute("data-state", /done|failed|interrupted/, { timeout: 2 * CELL });
  await kindling.waitForPython();
  await expect(kindling.cell(0)).toContainText("before = 'kept'");
  // All there, or out of memory and said so: in Python, or by a kernel that starts again.
  const text = await kindling.cell(index).innerText();
  const toasts = await page.getByTestId("toast").allInnerTexts();
  expect(`${text} ${toasts.join(" ")}`).toMatch(/rows 10000000|MemoryError|engine stopped/);
  await kindling.done("print('alive')");
});
