import assert from "node:assert/strict";
import { after, test } from "node:test";

import axe from "axe-core";

import { example, playground, reviewed } from "./support/page.js";

const site = await playground();
after(() => site.close());

async function audit(page, what) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  const places = (nodes) => nodes.map(({ target }) => target.join(" ")).join(", ");
  const told = grave.map(({ id, nodes }) => `${what}: ${id} at ${places(nodes)}`);
  assert.deepEqual(told, []);
}

for (const colorScheme of ["light", "dark"]) {
  test(`nothing stands in anybody's way, ${colorScheme}`, async (context) => {
    const page = await site.visit(context, { colorScheme, reducedMotion: "reduce" });
    await audit(page, "accepted");
    await example(page, /eleven seconds/);
    await page.getByText("The same as tables").click();
    await page.locator(".drawing").focus();
    await page.keyboard.press("ArrowRight");
    await audit(page, "rejected");
    await page.locator("#manifests .cm-lintRange-error").first().hover();
    await page.locator("#manifests .cm-diagnostic").first().waitFor();
    await audit(page, "a remark");
    await page.locator("#findings .name").first().click();
    for (const summary of await page.locator("#explanation summary").all()) await summary.click();
    await audit(page, "a rule");
    await page.keyboard.press("Escape");
    await page.click("#settings-tab");
    await audit(page, "settings");
    await page.click("#manifests-tab");
    await page.locator("#manifests .cm-content").press("Control+Home");
    await reviewed(page, () => page.keyboard.insertText("a: b: ["));
    await audit(page, "broken");
  });
}
