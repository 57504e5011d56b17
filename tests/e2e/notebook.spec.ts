import { expect, test } from "@playwright/test";
import { KindlingPage } from "./kindling_page";

test.describe("a notebook", () => {
  test("runs SQL before Python is there", async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open("./", { python: false });
    await kindling.newNotebook();
    const output = await kindling.run(0, "%%sql\nSELECT 1 AS one, 'x' AS letter");
    await expect(output.getByTestId("result-grid")).toContainText("one");
    await expect(output.getByTestId("result-grid")).toContainText("x");
  });

  test("runs PySpark and prints what show() prints", async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open();
    await kindling.newNotebook();
    const output = await kindling.run(0, "spark.range(3).show()");
    await expect(output).toContainText("| id|");
    await expect(output).toContainText("|  2|");
  });

  test("shows a DataFrame as a grid and its jobs in the Spark panel", async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open();
    await kindling.newNotebook();
    const output = await kindling.run(
      0,
      'from pyspark.sql import functions as F\nspark.range(1000).groupBy((F.col("id") % 7).alias("k")).count().orderBy("k")',
    );
    await expect(output.getByTestId("result-grid")).toContainText("143");
    await kindling.sparkTab("jobs");
    await expect(page.getByTestId("job-row").first()).toBeVisible();
  });

  test("marks the failed line and shows Spark's condition", async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open();
    await kindling.newNotebook();
    await kindling.run(0, 'spark.range(3).select("idd").show()');
    const error = kindling.cell(0).getByTestId("cell-error");
    await expect(error).toContainText("AnalysisException");
    await expect(error).toContainText("UNRESOLVED_COLUMN.WITH_SUGGESTION");
    await expect(error).toContainText("42703");
  });

  test("is interrupted within seconds, and the kernel survives", async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open();
    await kindling.newNotebook();
    await kindling.write(0, "i = 0\nwhile True:\n    i += 1");
    await page.keyboard.press("Control+Enter");
    await expect(kindling.cell(0)).toHaveAttribute("data-state", "running");
    await page.getByTestId("interrupt").click();
    await expect(kindling.cell(0)).toHaveAttribute("data-state", "interrupted", { timeout: 5_000 });
    const output = await kindling.run(0, "print(i > 0)");
    await expect(output).toContainText("True");
  });

  test("survives a reload with its text", async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open("./", { python: false });
    await kindling.newNotebook();
    await kindling.write(0, "kept = 'across reloads'");
    await expect(page.getByTestId("save-state")).toHaveAttribute("data-state", "saved");
    await page.reload();
    await expect(kindling.cell(0)).toContainText("across reloads");
  });

  test("restarts without losing the notebook", async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open();
    await kindling.newNotebook();
    await kindling.run(0, "x = 41");
    await page.getByTestId("restart").click();
    await page.getByTestId("restart-confirm").click();
    await kindling.waitForPython();
    await expect(kindling.kernel).toHaveAttribute("data-state", "idle", { timeout: 90_000 });
    await kindling.run(0, "print('x' in globals())");
    await expect(kindling.cell(0)).toContainText("False");
  });
});

for (const name of ["A first tour", "Taxi analysis", "DataFrame and SQL basics"]) {
  test(`the bundled notebook "${name}" runs from top to bottom`, async ({ page }) => {
    const kindling = new KindlingPage(page);
    await kindling.open();
    await page.getByRole("tab", { name: "Notebooks" }).click();
    await page.getByTestId("gallery").getByText(name, { exact: true }).last().click();
    await page.getByTestId("run-all").click();
    const code = page.locator('[data-testid="cell"][data-kind="code"]');
    await expect(code.last()).toHaveAttribute("data-state", "done", { timeout: 110_000 });
    await expect(page.getByTestId("cell-error")).toHaveCount(0);
  });
}
