import { expect, test } from "./fixtures";
import { BOOT, CELL } from "./kindling_page";

test("SQL runs before Python is there, and the text survives a reload", async ({ own }) => {
  await own.open("./", { python: false });
  await own.newNotebook();
  const output = await own.run(0, "%%sql\nSELECT 1 AS one, 'x' AS letter");
  await expect(output.getByTestId("result-grid")).toContainText("letter");
  await expect(own.cell(0)).toContainText("ran while Python was loading");
  await own.append("kept = 'across reloads'");
  await expect(own.page.getByTestId("save-state")).toHaveAttribute("data-state", "saved");
  await own.page.reload();
  await expect(own.cell(1)).toContainText("across reloads", { timeout: BOOT });
  await expect(own.cell(0).getByTestId("result-grid")).toContainText("letter");
});

test("reloading in the middle of a query loses nothing", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done('open("kept-over-reload.txt", "w").write("still here")\nprint("earlier output")');
  const index = await kindling.append("spark.range(0, 10**12, 1, 8).selectExpr('sum(hash(id))').collect()  # runs for ever");
  await page.keyboard.press("Control+Enter");
  await expect(kindling.cell(index).getByTestId("stage-progress").first()).toBeVisible({ timeout: CELL });
  await kindling.reload();
  await expect(kindling.cell(0)).toContainText("earlier output");
  await expect(kindling.cell(index)).toContainText("runs for ever");
  await expect(kindling.cell(index)).toHaveAttribute("data-state", "idle");
  await expect(await kindling.done('print(open("kept-over-reload.txt").read(), spark.range(3).count())')).toContainText("still here 3");
});

test("closing the tab while a write runs leaves what was there, and no half of what was not", async ({ kindling }) => {
  await kindling.done('spark.range(7).write.mode("overwrite").parquet("closing/kept")');
  const index = await kindling.append('spark.range(0, 10**11, 1, 4).selectExpr("id", "hash(id) AS h").write.mode("overwrite").parquet("closing/half")');
  await kindling.page.keyboard.press("Control+Enter");
  await expect(kindling.cell(index).getByTestId("stage-progress").first()).toBeVisible({ timeout: CELL });
  await kindling.reopen();
  await expect(kindling.cell(index)).toContainText("closing/half");
  const output = await kindling.done(
    [
      "import os",
      'print("kept", spark.read.parquet("closing/kept").count())',
      'print("success", os.path.exists("closing/half/_SUCCESS"))',
      'print("parts", [f for f in os.listdir("closing/half") if f.startswith("part-")] if os.path.exists("closing/half") else [])',
      'spark.range(5).write.mode("overwrite").parquet("closing/half")',
      'print("again", spark.read.parquet("closing/half").count())',
    ].join("\n"),
  );
  for (const line of ["kept 7", "success False", "parts []", "again 5"]) await expect(output).toContainText(line);
});

test("a kernel that dies starts again with the notebook as it was", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done("print('before')");
  const index = await kindling.append(
    // What a trap in the middle of Python's event loop comes out as. Not a promise that Python sees, which would take care of it.
    "import js, asyncio\njs.eval(\"Promise.reject(new WebAssembly.RuntimeError('unreachable')); 0\")\nawait asyncio.sleep(3600)",
  );
  await page.keyboard.press("Control+Enter");
  await expect(page.getByTestId("toast").filter({ hasText: "engine stopped" })).toBeVisible({ timeout: CELL });
  await kindling.waitForPython();
  await expect(kindling.cell(index)).toHaveAttribute("data-state", "interrupted");
  await expect(kindling.output().first()).toContainText("before");
  await kindling.done("print('after')");
});

for (const name of ["A first tour", "Taxi analysis", "DataFrame and SQL basics"]) {
  test(`the bundled notebook "${name}" runs from top to bottom`, async ({ kindling }) => {
    const { page } = kindling;
    await kindling.sideTab("Notebooks");
    await page.getByTestId("gallery").getByText(name, { exact: true }).last().click();
    await expect(page.getByTestId("notebook-title")).not.toHaveText("Untitled");
    await page.getByTestId("run-all").click();
    const code = page.locator('[data-testid="cell"][data-kind="code"]');
    await expect(code.last()).toHaveAttribute("data-state", /done|failed/, { timeout: 2 * CELL });
    await expect(page.getByTestId("cell-error")).toHaveCount(0);
    await expect(code.last()).toHaveAttribute("data-state", "done");
  });
}
