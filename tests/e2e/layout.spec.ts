import AxeBuilder from "@axe-core/playwright";
import { expect, test } from "./fixtures";
import type { KindlingPage } from "./kindling_page";

const WIDE = { width: 1440, height: 900 };
const PHONE = { width: 390, height: 844 };

test.afterEach(async ({ shared }) => {
  await shared.page.setViewportSize(WIDE);
});

/** A notebook that has a bit of everything, and a job or two. */
async function filled(kindling: KindlingPage): Promise<void> {
  await kindling.done('spark.range(50).selectExpr("id", "concat(\'n\', id) AS name", "id / 3 AS third")');
  const failing = await kindling.append('spark.range(3).select("idd").show()');
  await kindling.page.keyboard.press("Control+Enter");
  await kindling.ended(failing);
  const printing = await kindling.append("spark.range(20).repartition(3).groupBy().count().show()");
  await kindling.page.keyboard.press("Control+Enter");
  await kindling.ended(printing);
}

async function theme(kindling: KindlingPage, wanted: "light" | "dark"): Promise<void> {
  const now = await kindling.page.evaluate(() => document.documentElement.dataset.theme);
  if (now !== wanted) await kindling.page.evaluate(() => document.querySelector<HTMLElement>('[data-testid="theme-toggle"]')!.click());
  await expect(kindling.page.locator("html")).toHaveAttribute("data-theme", wanted);
}

/** Rules of WCAG 2.2 AA that the page, or a part of it, breaks, with the elements. */
async function violations(kindling: KindlingPage, part = "html"): Promise<string[]> {
  const found = await new AxeBuilder({ page: kindling.page })
    .include(part)
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    // Bars of a timeline are as short as their tasks; the tables beside them do the same.
    .exclude('[data-testid="event-timeline"] .blk')
    .analyze();
  return found.violations.map((violation) => `${violation.id}: ${violation.nodes.slice(0, 4).map((node) => node.target.join(" ")).join(" | ")}`);
}

const TABS = ["jobs", "stages", "sql", "storage", "executors", "streaming", "environment"];

for (const [name, size] of [["1440 px", WIDE], ["390 px", PHONE]] as const) {
  test(`axe finds nothing at ${name}, in both themes`, async ({ kindling }) => {
    const { page } = kindling;
    await filled(kindling);
    const found: string[] = [];
    for (const colours of ["light", "dark"] as const) {
      await page.setViewportSize(WIDE);
      await theme(kindling, colours);
      await page.setViewportSize(size);
      const look = async (where: string, part?: string) =>
        found.push(...(await violations(kindling, part)).map((text) => `${colours}, ${where}: ${text}`));
      const panel = '[data-testid="spark-panel"]';
      if (size === PHONE) {
        for (const pane of ["notebook", "files"]) {
          await page.getByTestId(`nav-${pane}`).click();
          await look(pane);
        }
        await page.getByTestId("nav-spark").click();
      } else {
        await look("page");
        await page.getByTestId("share-button").click();
        await look("share dialog");
        await page.keyboard.press("Escape");
      }
      for (const tab of TABS) {
        await page.getByTestId(`spark-tab-${tab}`).click();
        await look(tab, panel);
      }
      await page.getByTestId("spark-tab-stages").click();
      await page.getByTestId("stage-row").first().getByRole("link").first().click();
      await look("stage", panel);
      await page.getByTestId("spark-tab-sql").click();
      await page.getByTestId("sql-row").first().getByRole("link").first().click();
      await look("query", panel);
      if (size === PHONE) await page.getByTestId("nav-notebook").click();
    }
    await page.setViewportSize(WIDE);
    await theme(kindling, "light");
    expect(found).toEqual([]);
  });
}

test("a phone has one pane, four ways, and nothing wider than itself", async ({ kindling }) => {
  const { page } = kindling;
  await filled(kindling);
  await page.setViewportSize(PHONE);
  const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await expect(page.getByTestId("spark-panel")).toBeHidden();
  expect(await overflow()).toBe(0);
  await page.getByTestId("nav-spark").click();
  await expect(page.getByTestId("spark-panel")).toBeVisible();
  await expect(kindling.cell(0)).toBeHidden();
  for (const tab of TABS) {
    await page.getByTestId(`spark-tab-${tab}`).click();
    expect(await overflow(), tab).toBe(0);
  }
  await page.getByTestId("nav-files").click();
  await expect(page.getByTestId("file-drop")).toBeVisible();
  await page.getByTestId("nav-more").click();
  await expect(page.getByTestId("more-dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await page.getByTestId("nav-notebook").click();
  await expect(kindling.cell(0)).toBeVisible();
  for (const target of await page.locator("nav button").all()) {
    const box = await target.boundingBox();
    if (box !== null) expect(Math.min(box.width, box.height)).toBeGreaterThanOrEqual(44);
  }
});
