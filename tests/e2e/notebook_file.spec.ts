import { expect, test } from "./fixtures";
import { file } from "./kindling_page";
import { problems } from "./nbformat";

test("a notebook leaves as valid .ipynb with its outputs, comes back, and runs only when trusted", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.done("import sys\nprint('to stdout')\nprint('to stderr', file=sys.stderr)\nspark.range(3)");
  const sql = await kindling.append("SELECT 7 AS seven", "sql");
  await page.keyboard.press("Control+Enter");
  await kindling.ended(sql);
  const failing = await kindling.append("1 / 0");
  await page.keyboard.press("Control+Enter");
  await kindling.ended(failing);
  await kindling.append("# A *text* cell", "markdown");
  await page.keyboard.press("Escape");

  await kindling.sideTab("Notebooks");
  const { name, bytes } = await kindling.download(() => page.getByTestId("export-notebook").click());
  expect(name).toBe("Untitled.ipynb");
  const document = JSON.parse(bytes.toString()) as { cells: { cell_type: string; outputs?: { output_type: string }[] }[] };
  expect(problems(document)).toEqual([]);
  expect(document.cells.map((cell) => cell.cell_type)).toEqual(["code", "code", "code", "markdown"]);
  expect(document.cells[0]!.outputs!.map((output) => output.output_type)).toEqual(["stream", "stream", "execute_result"]);
  expect(document.cells[2]!.outputs!.map((output) => output.output_type)).toEqual(["error"]);

  // Another content: trust is by content, and this one was written here.
  const changed = bytes.toString().replace("SELECT 7 AS seven", "SELECT 8 AS seven");
  await page.getByTestId("open-notebook").setInputFiles(file("back.ipynb", changed));
  const dialog = page.getByTestId("trust-dialog");
  await expect(dialog).toBeVisible();
  await expect(page.getByTestId("trust-read")).toBeFocused();
  await page.getByTestId("trust-read").click();
  await expect(kindling.kernel).toHaveAttribute("data-state", "untrusted");
  await expect(kindling.output(0).first()).toContainText("to stdout");
  await expect(kindling.cell(sql).getByTestId("result-grid")).toContainText("seven");
  await expect(kindling.error(failing)).toContainText("ZeroDivisionError");
  await kindling.cell(sql).click();
  await page.keyboard.press("Control+Enter");
  await expect(page.getByTestId("trust-dialog")).toBeVisible();
  await page.getByTestId("trust-allow").click();
  await kindling.waitForPython();
  await kindling.cell(sql).getByTestId("run-cell").click();
  await expect(kindling.cell(sql).getByTestId("result-grid")).toContainText("8");
});

test("a share link opens the same text in another tab, untrusted", async ({ kindling, own }) => {
  const { page } = kindling;
  await kindling.write(0, "print('shared text')");
  await page.getByTestId("share-button").click();
  await expect(page.getByTestId("share-link")).toHaveValue(/#nb=/);
  const link = await page.getByTestId("share-link").inputValue();
  expect(new URL(link).hash).toContain("nb=");
  await page.keyboard.press("Escape");
  await own.page.goto(link);
  await expect(own.cell(0)).toContainText("shared text", { timeout: 60_000 });
  await expect(own.page.getByTestId("trust-dialog")).toBeVisible();
  await expect(own.kernel).toHaveAttribute("data-state", "untrusted");
});

test("a share link that was cut says so and leaves what was open", async ({ kindling }) => {
  const { page } = kindling;
  await kindling.write(0, "print('mine')");
  await page.getByTestId("share-button").click();
  await expect(page.getByTestId("share-link")).toHaveValue(/#nb=/);
  const link = await page.getByTestId("share-link").inputValue();
  await page.keyboard.press("Escape");
  await page.goto("about:blank");
  await page.goto(link.slice(0, -40));
  await expect(page.getByText("This link is damaged")).toBeVisible({ timeout: 60_000 });
  await expect(kindling.cell(0)).toContainText("mine");
});

test("where the browser cannot compress, the share dialog says what to send instead", async ({ kindling }) => {
  const { page } = kindling;
  await page.evaluate(() => {
    const w = window as unknown as { CompressionStream: unknown; compression: unknown };
    w.compression = w.CompressionStream;
    w.CompressionStream = undefined;
  });
  await page.getByTestId("share-button").click();
  await expect(page.getByTestId("share-length")).toContainText("send the .ipynb file instead");
  await expect(page.getByTestId("share-copy")).toBeDisabled();
  await page.keyboard.press("Escape");
  await page.evaluate(() => {
    const w = window as unknown as { CompressionStream: unknown; compression: unknown };
    w.CompressionStream = w.compression;
  });
  await page.getByTestId("share-button").click();
  await expect(page.getByTestId("share-link")).toHaveValue(/#nb=/);
  await page.keyboard.press("Escape");
});
