import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { KindlingPage } from "./kindling_page";

const folder = mkdtempSync(join(tmpdir(), "kindling-files-"));

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

test("an uploaded CSV is previewed, read and kept across reloads", async ({ page }) => {
  const kindling = new KindlingPage(page);
  await kindling.open();
  await kindling.newNotebook();
  await page.getByRole("tab", { name: "Files" }).click();
  await kindling.upload(file("cities.csv", "city,people\nOslo,700000\nBergen,290000\n"));
  const row = page.getByTestId("file-row").filter({ hasText: "cities.csv" });
  await expect(row).toBeVisible();
  await row.click();
  await expect(page.getByTestId("schema-preview")).toContainText("people");
  const output = await kindling.run(
    0,
    'df = spark.read.option("header", True).option("inferSchema", True).csv("cities.csv")\ndf.orderBy("city").show()\nprint(open("cities.csv").readline())',
  );
  await expect(output).toContainText("|Bergen|290000|");
  await expect(output).toContainText("city,people");
  await page.reload();
  await page.getByRole("tab", { name: "Files" }).click();
  await expect(page.getByTestId("file-row").filter({ hasText: "cities.csv" })).toBeVisible();
});

test("files that Python writes are read by Spark, and the other way round", async ({ page }) => {
  const kindling = new KindlingPage(page);
  await kindling.open();
  await kindling.newNotebook();
  const output = await kindling.run(
    0,
    [
      "import os",
      'os.makedirs("made", exist_ok=True)',
      'with open("made/a.txt", "w") as f:',
      '    f.write("one\\ntwo\\n")',
      'print(spark.read.text("made").count())',
      'spark.range(5).write.mode("overwrite").parquet("made/ids")',
      'print(sorted(os.listdir("made")))',
      'print(spark.read.parquet("made/ids").count())',
    ].join("\n"),
  );
  await expect(output).toContainText("2");
  await expect(output).toContainText("['a.txt', 'ids']");
  await expect(output).toContainText("5");
});

test("binary junk named .csv gives rows or an error, and a responsive page", async ({ page }) => {
  const kindling = new KindlingPage(page);
  await kindling.open();
  await kindling.newNotebook();
  await page.getByRole("tab", { name: "Files" }).click();
  await kindling.upload(file("junk.csv", Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256))));
  await expect(page.getByTestId("file-row").filter({ hasText: "junk.csv" })).toBeVisible();
  await kindling.run(0, 'spark.read.csv("junk.csv").count()');
  await kindling.run(0, "print(1 + 1)");
  await expect(kindling.cell(0)).toContainText("2");
});

test("a missing path is named with Spark's condition", async ({ page }) => {
  const kindling = new KindlingPage(page);
  await kindling.open();
  await kindling.newNotebook();
  await kindling.run(0, 'spark.read.csv("nowhere.csv").show()');
  await expect(kindling.cell(0).getByTestId("cell-error")).toContainText("PATH_NOT_FOUND");
});

test("a million printed lines leave the page responsive", async ({ page }) => {
  const kindling = new KindlingPage(page);
  await kindling.open();
  await kindling.newNotebook();
  await kindling.run(0, "for i in range(1_000_000):\n    print(i)");
  await expect(kindling.cell(0)).toContainText("999999");
  await page.getByTestId("theme-toggle").click({ timeout: 2_000 });
});
