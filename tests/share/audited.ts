/** What keeps readers out of a page, as axe-core sees it. */
import axe from "axe-core";
import type { Page } from "playwright-core";

/** The windows of a desktop and of a phone. */
const DESKTOP = { width: 1280, height: 720 };
export const PHONE = { width: 420, height: 900 };

/** What axe-core says against a page, in the light and in the dark, on a desktop and on a phone. */
export async function audited(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const before = page.viewportSize(), said: string[] = [];
  for (const viewport of [DESKTOP, PHONE]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      const { violations } = await page.evaluate<axe.AxeResults>("axe.run({ resultTypes: ['violations'] })");
      const where = `${viewport.width} pixels, ${colorScheme}`;
      said.push(...violations.map((v) => `${where}: ${v.id}, ${v.nodes.map((n) => n.html).join(" ")}`));
    }
    const wide = await page.evaluate<number>("document.documentElement.scrollWidth - innerWidth");
    if (wide > 0) said.push(`${viewport.width} pixels: scrolls sideways by ${wide}`);
  }
  await page.emulateMedia({ colorScheme: null });
  if (before) await page.setViewportSize(before);
  return said;
}
