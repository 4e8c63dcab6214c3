import assert from "node:assert/strict";
import { after, test } from "node:test";

import { example, judged, playground, verdict } from "./support/page.js";

const site = await playground();
after(() => site.close());

/** What has the focus: its id, name or text. */
function focused(page) {
  return page.evaluate(() => {
    const { id, className, textContent, tagName } = document.activeElement;
    return id || className || textContent || tagName;
  });
}

async function tabTo(page, wanted, most = 40) {
  for (let steps = 0; steps < most; steps += 1) {
    await page.keyboard.press("Tab");
    if (wanted.test(await focused(page))) return;
  }
  assert.fail(`${wanted} is not reached by Tab: ${await focused(page)}`);
}

test("everything is reached and used by keys alone", async (context) => {
  const page = await site.visit(context);
  await example(page, /eleven seconds/);
  await page.evaluate(() => document.activeElement.blur());

  await tabTo(page, /skip/, 1);
  await tabTo(page, /examples/, 1);
  await tabTo(page, /share/, 1);
  await tabTo(page, /theme/, 1);
  await page.keyboard.press("Enter");
  assert.equal(await page.getAttribute("html", "data-theme"), "dark");

  await tabTo(page, /manifests-tab/, 1);
  await page.keyboard.press("ArrowRight");
  assert.equal(await focused(page), "settings-tab");
  assert.ok(await page.isVisible("#settings-panel"));
  await page.keyboard.press("ArrowLeft");
  await tabTo(page, /^manifests$/, 1);
  await page.keyboard.press("Control+Home");
  await page.keyboard.type("# typed");
  await page.keyboard.press("Enter");
  await judged(page);
  assert.equal(await verdict(page), "rejected");

  // The editor is no trap.
  await page.keyboard.press("Tab");
  assert.notEqual(await focused(page), "manifests");
  await page.keyboard.press("ArrowLeft");
  assert.equal(await page.isChecked("#picture input[value='1']"), true);
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.isChecked("#picture input[value='2']"), true);

  await tabTo(page, /drawing/, 1);
  const said = () => page.getAttribute(".drawing", "aria-valuetext");
  const heard = new Set([await said()]);
  for (let step = 0; step < 4; step += 1) {
    await page.keyboard.press("ArrowRight");
    heard.add(await said());
  }
  assert.equal(heard.size, 5);
  assert.match(await said(), /after \d+m.*good release: \d+ %/);
  await page.keyboard.press("End");
  assert.match(await said(), /after 41m30s; good release: 100 %, promoted/);
  await page.keyboard.press("Home");
  assert.match(await said(), /after 0s/);
  assert.match(await page.textContent("#picture .readout"), /after 0s/);

  await tabTo(page, /The same as tables/, 1);
  await page.keyboard.press("Enter");
  assert.ok(await page.isVisible("#picture table"));
  await tabTo(page, /name/, 4);
  await page.keyboard.press("Enter");
  assert.ok(await page.isVisible("#explanation[open]"));
  await page.keyboard.press("Escape");
  assert.equal(await page.isVisible("#explanation[open]"), false);
  assert.match(await focused(page), /name/);
  await tabTo(page, /place/, 2);
  await page.keyboard.press("Enter");
  assert.equal(await focused(page), "manifests");
});

test("the verdict is said once typing rests", async (context) => {
  const page = await site.visit(context);
  await page.waitForFunction(() => /^Accepted/.test(document.getElementById("spoken").textContent));
  await example(page, /eleven seconds/);
  await page.waitForFunction(() => /^Rejected/.test(document.getElementById("spoken").textContent));
  assert.equal(await page.getAttribute("#spoken", "role"), "status");
});
