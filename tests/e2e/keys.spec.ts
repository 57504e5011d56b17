import { expect, test } from "./fixtures";
import type { KindlingPage } from "./kindling_page";

/** Presses keys in command mode, one after another. */
async function press(kindling: KindlingPage, keys: string): Promise<void> {
  for (const key of keys.split(" ")) await kindling.page.keyboard.press(key);
}

/** A notebook of cells a, b, c; the first is selected, in command mode. */
async function three(kindling: KindlingPage): Promise<void> {
  await kindling.write(0, "a = 1");
  await kindling.append("b = 2");
  await kindling.append("c = 3");
  await press(kindling, "Escape k k k");
}

async function texts(kindling: KindlingPage): Promise<string[]> {
  return (await kindling.cells.getByTestId("cell-editor").allInnerTexts()).map((text) => text.trim());
}

test("A and B insert above and below, D D deletes, Z brings back", async ({ kindling }) => {
  await three(kindling);
  await press(kindling, "b");
  await expect(kindling.cells).toHaveCount(4);
  expect(await texts(kindling)).toEqual(["a = 1", "", "b = 2", "c = 3"]);
  await press(kindling, "a");
  await expect(kindling.cells).toHaveCount(5);
  await press(kindling, "d d");
  await press(kindling, "d d");
  await expect(kindling.cells).toHaveCount(3);
  await press(kindling, "j j d d");
  await expect(kindling.cells).toHaveCount(2);
  await press(kindling, "z");
  await expect(kindling.cells).toHaveCount(3);
  expect(await texts(kindling)).toEqual(["a = 1", "b = 2", "c = 3"]);
});

test("X, C and V cut, copy and paste; Alt and arrows move", async ({ kindling }) => {
  await three(kindling);
  await press(kindling, "x j v");
  await expect(kindling.cells).toHaveCount(3);
  expect(await texts(kindling)).toEqual(["b = 2", "c = 3", "a = 1"]);
  await press(kindling, "Alt+ArrowUp");
  expect(await texts(kindling)).toEqual(["b = 2", "a = 1", "c = 3"]);
  await press(kindling, "c v");
  expect(await texts(kindling)).toEqual(["b = 2", "a = 1", "a = 1", "c = 3"]);
});

test("M, Y and Q change the type", async ({ kindling }) => {
  await kindling.write(0, "SELECT 1 AS one");
  await press(kindling, "Escape q");
  await expect(kindling.cell(0)).toContainText("%%sql");
  await press(kindling, "Control+Enter");
  await kindling.ended(0);
  await expect(kindling.cell(0).getByTestId("result-grid")).toContainText("one");
  await press(kindling, "m");
  await expect(kindling.cell(0)).toHaveAttribute("data-kind", "markdown");
  await press(kindling, "y");
  await expect(kindling.cell(0)).toHaveAttribute("data-kind", "code");
  await expect(kindling.cell(0)).not.toContainText("%%sql");
});

test("Enter edits, Escape leaves; Shift, Control and Alt with Enter run", async ({ kindling }) => {
  const mode = kindling.page.getByTestId("cell-mode");
  await kindling.write(0, "print('one')");
  await expect(mode).toHaveText(/edit/i);
  await press(kindling, "Escape");
  await expect(mode).toHaveText(/command/i);
  await press(kindling, "Shift+Enter");
  await expect(kindling.cells).toHaveCount(2);
  await kindling.ended(0);
  await kindling.page.keyboard.insertText("print('two')");
  await press(kindling, "Alt+Enter");
  await expect(kindling.cells).toHaveCount(3);
  await kindling.ended(1);
  await expect(kindling.output(1).first()).toContainText("two");
});

test("Control+Shift+- splits a cell at the cursor", async ({ kindling }) => {
  await kindling.write(0, "a = 1\nb = 2");
  await press(kindling, "Control+Home ArrowDown Home Control+Shift+Minus");
  await expect(kindling.cells).toHaveCount(2);
  expect(await texts(kindling)).toEqual(["a = 1", "b = 2"]);
});

test("I I interrupts, O folds the output, H helps", async ({ kindling }) => {
  await kindling.start(0, "print('out')\nwhile True:\n    pass");
  await expect(kindling.output().first()).toContainText("out");
  await press(kindling, "i i");
  await expect(kindling.cell(0)).toHaveAttribute("data-state", "interrupted", { timeout: 10_000 });
  await press(kindling, "o");
  await expect(kindling.output().first()).toBeHidden();
  await press(kindling, "o h");
  await expect(kindling.page.getByTestId("keys-dialog")).toBeVisible();
  await press(kindling, "Escape");
  await expect(kindling.page.getByTestId("keys-dialog")).toBeHidden();
});

test("S shows the panel, G and a number its pages", async ({ kindling }) => {
  await press(kindling, "Escape s");
  await expect(kindling.page.getByTestId("spark-panel")).toBeHidden();
  await press(kindling, "s g 5");
  await expect(kindling.page.getByTestId("page-executors")).toBeVisible();
  await press(kindling, "g 1");
  await expect(kindling.page.getByTestId("spark-tab-jobs")).toHaveAttribute("aria-selected", "true");
});

test("Tab completes, Shift+Tab documents, Control+/ comments", async ({ kindling }) => {
  await kindling.write(0, "spark.ra");
  await press(kindling, "Tab");
  await expect(kindling.page.locator(".cm-tooltip-autocomplete")).toContainText("range");
  await press(kindling, "Enter");
  await expect(kindling.cell(0).getByTestId("cell-editor")).toContainText("spark.range");
  await press(kindling, "Shift+Tab");
  await expect(kindling.page.locator(".cm-docs")).toContainText("Create a");
  await press(kindling, "Escape Control+/");
  await expect(kindling.cell(0).getByTestId("cell-editor")).toContainText("# spark.range");
});
