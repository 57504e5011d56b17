import { spawnSync } from "node:child_process";
import { expect, test } from "./fixtures";
import { file } from "./kindling_page";

/** Prints what the archive on stdin holds; fails where a checksum is wrong. */
const UNZIP = `
import io, sys, zipfile
archive = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
assert archive.testzip() is None
for name in archive.namelist():
    print(archive.read(name).decode())
`;

test("an uploaded CSV is previewed, read by a ready cell, and downloaded", async ({ kindling }) => {
  const { page } = kindling;
  const text = "city,people\nOslo,700000\nBergen,290000\nTromsø,\n";
  await kindling.upload(file("cities.csv", text));
  const row = kindling.file("cities.csv");
  await expect(row).toHaveAttribute("aria-expanded", "false");
  await row.click();
  await expect(row).toHaveAttribute("aria-expanded", "true");
  const preview = page.getByTestId("schema-preview");
  await expect(preview).toContainText("people");
  await expect(preview).toContainText("int");
  await expect(preview).toContainText("33%");
  await page.getByTestId("insert-read").click();
  await expect(kindling.cells).toHaveCount(2);
  await page.keyboard.press("Control+Enter");
  await kindling.ended(1);
  await expect(kindling.cell(1).getByTestId("result-grid")).toContainText("Bergen");
  const { bytes } = await kindling.download(async () => {
    await page.getByRole("button", { name: "More actions for cities.csv" }).click();
    await page.getByRole("button", { name: "Download", exact: true }).last().click();
  });
  expect(bytes.toString()).toBe(text);
});

test("files of every kind are listed with their format and columns", async ({ kindling }) => {
  await kindling.done('spark.range(4).selectExpr("id", "id * 2 AS twice").coalesce(1).write.mode("overwrite").parquet("kinds/twice")');
  const parquet = await kindling.done('import glob\nprint(glob.glob("kinds/twice/*.parquet")[0])');
  expect(await parquet.innerText()).toContain("part-");
  await kindling.upload(file("kinds.tsv", "a\tb\n1\tx\n"), file("kinds.json", '{"n": 1, "deep": {"x": [1, 2]}}\n'), file("kinds.txt", "just text\n"));
  for (const [name, column] of [
    ["kinds.tsv", "b"],
    ["kinds.json", "deep"],
  ] as const) {
    await kindling.file(name).click();
    await expect(kindling.page.getByTestId("schema-preview")).toContainText(column);
  }
});

test("files that Python writes are read by Spark, and the other way round", async ({ kindling }) => {
  const output = await kindling.done(
    [
      "import os",
      'os.makedirs("made", exist_ok=True)',
      'with open("made/a.txt", "w") as f:',
      '    f.write("one\\ntwo\\n")',
      'print("lines", spark.read.text("made/a.txt").count())',
      'spark.range(5).write.mode("overwrite").parquet("made/ids")',
      'print(sorted(os.listdir("made")))',
      'print("rows", spark.read.parquet("made/ids").count())',
    ].join("\n"),
  );
  await expect(output).toContainText("lines 2");
  await expect(output).toContainText("['a.txt', 'ids']");
  await expect(output).toContainText("rows 5");
});

test("a written result can be downloaded from the file list", async ({ kindling }) => {
  await kindling.done('spark.range(3).coalesce(1).write.mode("overwrite").option("header", True).csv("written/out")\nimport os\nprint(os.listdir("written/out"))');
  await kindling.sideTab("Files");
  const row = kindling.page.locator('[data-testid="file-row"][data-path^="written/out"]').first();
  await expect(row).toBeVisible();
  await row.click();
  const { name, bytes } = await kindling.download(async () => {
    await kindling.page.getByRole("button", { name: /More actions for written\/out/ }).first().click();
    await kindling.page.getByRole("button", { name: "Download as ZIP" }).click();
  });
  expect(name).toBe("out.zip");
  const { stdout } = spawnSync("python3", ["-c", UNZIP], { input: bytes });
  expect(stdout.toString()).toContain("id\n0\n1\n2\n");
});

test("nobody sees a file before it is whole", async ({ kindling }) => {
  const code = [
    "import os, time",
    "seen, end = set(), time.time() + 60",
    'print("looking", flush=True)',
    'while "large.csv" not in seen and time.time() < end:',
    '    seen.update(name for name in os.listdir(".") if "large" in name)',
    'print("seen", sorted(seen))',
  ];
  await kindling.start(0, code.join("\n"));
  await expect(kindling.cell(0)).toHaveAttribute("data-state", "running");
  await kindling.upload({ name: "large.csv", mimeType: "text/csv", buffer: Buffer.alloc(20e6, "1234567\n") });
  await kindling.ended(0);
  await expect(kindling.cell(0)).toContainText("seen ['large.csv']");
});

test("a file whose name looks unfinished is a person's own, and stays", async ({ kindling }) => {
  await kindling.upload(file("mine.uploading", "a\n1\n"));
  await expect(kindling.file("mine.uploading")).toBeVisible();
  await kindling.reload();
  await kindling.sideTab("Files");
  await expect(kindling.file("mine.uploading")).toBeVisible();
});

test("a deleted file comes back with Undo", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.upload(file("regret.csv", "a\n1\n"));
  await kindling.file("regret.csv").click();
  await page.getByRole("button", { name: "More actions for regret.csv" }).click();
  await page.getByRole("button", { name: "Delete", exact: true }).click();
  await expect(kindling.file("regret.csv")).toHaveCount(0);
  await page.getByTestId("toast").getByRole("button", { name: "Undo" }).click();
  await expect(kindling.file("regret.csv")).toBeVisible();
});
