// Pages that everybody can read: axe-core at two sizes, and nothing that sticks out sideways.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The sizes of a phone and of a desk. */
export const SMALL = { width: 375, height: 740 };
export const LARGE = { width: 1280, height: 800 };

/**
 * Serious violations at both sizes, and nothing that sticks out sideways. The page stays at the
 * large size. A picture of each goes into `folder`, where there is one.
 */
export async function isReadable(page, name = "the page", folder = process.env.SHOTS) {
  await page.evaluate(AXE);
  for (const size of [SMALL, LARGE]) {
    await page.setViewportSize(size);
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: path.join(folder, `${name}-${size.width}.png`), fullPage: true });
    }
    const found = await page.evaluate(async () => {
      const runOnly = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
      const { violations } = await window.axe.run(document, { runOnly });
      return violations
        .filter(({ impact }) => impact === "serious" || impact === "critical")
        .map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 160)}`);
    });
    assert.deepEqual(found, [], `${name} at ${size.width} px`);
    const over = await page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    );
    assert.ok(over <= 0, `${name} is wider than ${size.width} px`);
  }
}
