import assert from "node:assert/strict";
import { after, test } from "node:test";

import { example, playground } from "./support/page.js";

const site = await playground();
after(() => site.close());

for (const width of [320, 360, 820, 1024]) {
  test(`nothing is wider than a screen of ${width} pixels`, async (context) => {
    const page = await site.visit(context, { viewport: { width, height: 740 } });
    const over = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    await example(page, /eleven seconds/);
    assert.equal(await over(), 0);
    await page.getByText("The same as tables").click();
    assert.equal(await over(), 0);
    const { x, width: wide } = await page.locator("#picture svg").first().boundingBox();
    assert.ok(x >= 0 && x + wide <= width);
    await page.locator("#findings .name").first().click();
    assert.equal(await over(), 0);
    await page.keyboard.press("Escape");
    await page.click("#settings-tab");
    assert.equal(await over(), 0);
  });
}
