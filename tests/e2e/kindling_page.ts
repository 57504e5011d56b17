import { type Download, type Locator, type Page, expect } from "@playwright/test";

/** How long a start may take on a machine that has other things to do. */
export const BOOT = 150_000;
/** How long a cell may run there. */
export const CELL = 90_000;

/** The page as a person sees it: cells, files, the Spark panel. */
export class KindlingPage {
  constructor(public page: Page) {}

  /** Opens the site and waits until SQL cells run, and Python cells too unless told otherwise. */
  async open(url = "./", { python = true } = {}): Promise<void> {
    await this.page.goto(url);
    if (python) await this.waitForPython();
    else await expect(this.cells.first()).toBeVisible({ timeout: BOOT });
  }

  /** Reloads the page and waits for its kernel. */
  async reload(): Promise<void> {
    await this.page.reload();
    await this.waitForPython();
  }

  /** Closes the tab as a person does, and opens another. */
  async reopen(): Promise<void> {
    const context = this.page.context();
    await this.page.close();
    this.page = await context.newPage();
    await this.open();
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

  error(index = 0): Locator {
    return this.cell(index).getByTestId("cell-error");
  }

  output(index = 0): Locator {
    return this.cell(index).getByTestId("cell-output");
  }

  async waitForPython(): Promise<void> {
    await expect(this.kernel).toHaveAttribute("data-state", "idle", { timeout: BOOT });
  }

  /** An empty notebook, whatever was there before; the kernel idle, no dialog in the way. */
  async fresh(): Promise<void> {
    const state = await this.kernel.getAttribute("data-state", { timeout: 5_000 }).catch(() => null);
    if (state !== "idle") await this.open();
    await this.page.keyboard.press("Escape");
    await this.newNotebook();
  }

  /** Replaces the notebook by one empty PySpark cell. */
  async newNotebook(): Promise<void> {
    await this.sideTab("Notebooks");
    await this.page.getByRole("button", { name: "New", exact: true }).click();
    await expect(this.page.getByTestId("notebook-title")).toHaveText("Untitled");
    await expect(this.cells).toHaveCount(1);
    await expect(this.cell(0).getByTestId("cell-editor")).toHaveText("");
  }

  async sideTab(name: "Files" | "Notebooks" | "Outline"): Promise<void> {
    await this.page.getByRole("tab", { name, exact: true }).click();
  }

  /** Writes into a cell's editor as typing does. */
  async write(index: number, text: string): Promise<void> {
    const editor = this.cell(index).getByTestId("cell-editor");
    await editor.click();
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.insertText(text);
  }

  /** Adds a cell at the end. */
  async append(text: string, kind: "pyspark" | "sql" | "markdown" = "pyspark"): Promise<number> {
    const index = await this.cells.count();
    await this.page.getByTestId(`add-${kind}`).last().click();
    await expect(this.cells).toHaveCount(index + 1);
    await this.write(index, kind === "sql" ? `%%sql\n${text}` : text);
    return index;
  }

  /** Starts a cell and does not wait. */
  async start(index: number, text: string): Promise<void> {
    await this.write(index, text);
    await this.page.keyboard.press("Control+Enter");
    await expect(this.cell(index)).toHaveAttribute("data-state", /running|queued|done|failed/);
  }

  /** Writes and runs a cell, and waits for its end. */
  async run(index: number, text: string): Promise<Locator> {
    await this.start(index, text);
    await this.ended(index);
    return this.output(index).first();
  }

  /** Runs a cell that must end well. */
  async done(text: string, index = 0): Promise<Locator> {
    const output = await this.run(index, text);
    await expect(this.error(index)).toHaveCount(0);
    await expect(this.cell(index)).toHaveAttribute("data-state", "done");
    return output;
  }

  /** Waits for the end of a cell's run, whatever it is. */
  async ended(index: number): Promise<void> {
    await expect(this.cell(index)).toHaveAttribute("data-state", /done|failed|interrupted/, { timeout: CELL });
  }

  /** Puts files among the files, as the picker does, and waits until they are listed. */
  async upload(...files: (string | { name: string; mimeType: string; buffer: Buffer })[]): Promise<void> {
    await this.sideTab("Files");
    await this.page.locator("input[type=file][multiple]").first().setInputFiles(files as string[]);
    for (const file of files) {
      const name = typeof file === "string" ? file.split("/").at(-1)! : file.name;
      await expect(this.file(name)).toBeVisible();
    }
  }

  file(name: string): Locator {
    return this.page.locator(`[data-testid="file-row"][data-path="${name}"]`);
  }

  async sparkTab(name: string): Promise<Locator> {
    await this.page.getByTestId(`spark-tab-${name}`).click();
    return this.page.getByTestId("spark-panel");
  }

  /** What a click downloads. */
  async download(click: () => Promise<void>): Promise<{ name: string; bytes: Buffer }> {
    const [download] = await Promise.all([this.page.waitForEvent("download", { timeout: CELL }), click()]);
    return { name: download.suggestedFilename(), bytes: await bytesOf(download) };
  }

  /** That the page answers at once: the theme changes back and forth. */
  async expectResponsive(): Promise<void> {
    for (let turn = 0; turn < 2; turn++) await this.page.getByTestId("theme-toggle").click({ timeout: 5_000 });
  }
}

async function bytesOf(download: Download): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A file made for a test. */
export function file(name: string, content: string | Buffer): { name: string; mimeType: string; buffer: Buffer } {
  return { name, mimeType: "application/octet-stream", buffer: Buffer.from(content) };
}
