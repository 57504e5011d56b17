import { type Locator, type Page, expect } from "@playwright/test";

/** The page as a person sees it: cells, files, the Spark panel. */
export class KindlingPage {
  constructor(readonly page: Page) {}

  /** Opens the site and waits until SQL cells run, and Python cells too unless told otherwise. */
  async open(url = "./", { python = true } = {}): Promise<void> {
    await this.page.goto(url);
    if (python) await this.waitForPython();
    else await expect(this.cells.first()).toBeVisible();
  }

  get kernel(): Locator {
    return this.page.getByTestId("kernel-status");
  }

  get cells(): Locator {
    return this.page.getByTestId("cell");
  }

  cell(index: number): Locator {
    return this.cells.nth(index);
  }

  async waitForPython(): Promise<void> {
    await expect(this.page.getByTestId("boot")).toHaveAttribute("data-state", "ready", { timeout: 90_000 });
  }

  /** Replaces the notebook by one empty PySpark cell. */
  async newNotebook(): Promise<void> {
    await this.page.getByRole("tab", { name: "Notebooks" }).click();
    await this.page.getByRole("button", { name: "New", exact: true }).click();
    await expect(this.cells).toHaveCount(1);
  }

  /** Writes into a cell's editor as typing does. */
  async write(index: number, text: string): Promise<void> {
    const editor = this.cell(index).getByTestId("cell-editor");
    await editor.click();
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.insertText(text);
  }

  /** Writes and runs a cell, and waits for its end. */
  async run(index: number, text: string): Promise<Locator> {
    await this.write(index, text);
    await this.page.keyboard.press("Control+Enter");
    await this.ended(index);
    return this.cell(index).getByTestId("cell-output").first();
  }

  /** Waits for the end of a cell's run, whatever it is. */
  async ended(index: number): Promise<void> {
    await expect(this.cell(index)).toHaveAttribute("data-state", /done|failed|interrupted/, { timeout: 90_000 });
  }

  /** Drops files on the page's picker. */
  async upload(...paths: string[]): Promise<void> {
    await this.page.locator("input[type=file][multiple]").first().setInputFiles(paths);
  }

  async sparkTab(name: string): Promise<Locator> {
    await this.page.getByTestId(`spark-tab-${name}`).click();
    return this.page.getByTestId("spark-panel");
  }
}
