import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";

import { example, follow, playground, ROOT } from "./support/page.js";

const site = await playground();
after(() => site.close());

function shown(page) {
  return page.$$eval("#picture g.release", (groups) =>
    groups
      .filter((group) => group.getAttribute("display") !== "none")
      .map((group) => group.querySelector(".kind").textContent),
  );
}

test("the release that ends worst is shown beside the good one, with its numbers", async (context) => {
  const page = await site.visit(context);
  await example(page, /eleven seconds/);
  assert.deepEqual(await shown(page), ["good release", "bad in latency alone"]);
  const facts = await page.textContent("#picture .facts");
  assert.match(facts, /promoted after 41m30s.*promoted after 41m30s.*100 %.*1712\.5 percent-minutes/s);
});

test("another signal is chosen, and stays chosen", async (context) => {
  const page = await site.visit(context);
  await example(page, /eleven seconds/);
  await page.getByLabel("error-rate").check();
  assert.deepEqual(await shown(page), ["good release", "bad in error-rate alone"]);
  assert.match(await page.textContent("#picture .facts"), /rolled back after 4m.*10 %.*40 percent-minutes/s);
  await example(page, /Canonical/);
  assert.deepEqual(await shown(page), ["good release", "bad in error-rate alone"]);
  await page.getByLabel("all releases").check();
  assert.equal((await shown(page)).length, 5);
});

test("releases do not overlap, and all of the drawing is seen", async (context) => {
  const page = await site.visit(context);
  await page.getByLabel("latency").check();
  const boxes = await page.$$eval("#picture g.release:not([display=none]), #picture g.axis", (groups) =>
    groups.map((group) => group.getBoundingClientRect()).map(({ top, bottom }) => ({ top, bottom })),
  );
  assert.equal(boxes.length, 3);
  const frame = await page.locator("#picture .drawing svg").boundingBox();
  for (const [one, next] of [boxes.slice(0, 2), boxes.slice(1)]) assert.ok(one.bottom <= next.top + 1);
  assert.ok(boxes[0].top >= frame.y - 1);
  assert.ok(boxes[2].bottom <= frame.y + frame.height + 1);
});

test("pointing at the picture tells what happens there", async (context) => {
  const page = await site.visit(context);
  await example(page, /eleven seconds/);
  await page.getByLabel("error-rate").check();
  const second = page.locator("#picture g.release rect[data-stage='1']").first();
  const { x, y, width, height } = await second.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  const readout = await page.textContent("#picture .readout");
  assert.match(readout, /after 15m.*good release 25 %, stage 2 of 4 for 10m, watched by request-signals/);
  assert.match(readout, /bad in error-rate alone rolled back, 0 %/);
});

test("the numbers are there as tables", async (context) => {
  const page = await site.visit(context);
  await example(page, /eleven seconds/);
  // The readout of the cursor takes room; nothing moves away from under the pointer for it.
  await page.locator(".drawing").press("ArrowRight");
  await page.getByText("The same as tables").click();
  assert.ok(await page.locator("#picture table").first().isVisible());
  const rows = await page.$$eval("#picture tbody tr", (all) =>
    all.map((row) => [...row.cells].map((cell) => cell.textContent)),
  );
  assert.deepEqual(rows[0], ["1", "10 %", "10m", "request-signals"]);
  assert.deepEqual(rows[4], ["good", "promoted after 41m30s", "100 %", "", ""]);
  assert.deepEqual(rows[7], [
    "bad in latency alone",
    "promoted after 41m30s",
    "100 %",
    "1712.5 percent-minutes",
    "nothing",
  ]);
});

test("colours follow the theme that is chosen", async (context) => {
  const page = await site.visit(context, { colorScheme: "dark" });
  const fill = () => page.$eval("#picture rect.canary", (rect) => getComputedStyle(rect).fill);
  const paper = () => page.$eval("#picture rect.paper", (rect) => getComputedStyle(rect).fill);
  const dark = await fill();
  assert.equal(await paper(), "rgb(13, 17, 23)");
  await page.click("#theme");
  assert.equal(await paper(), "rgb(255, 255, 255)");
  assert.notEqual(await fill(), dark);
  await page.reload();
  await page.waitForSelector("#picture rect.paper", { state: "attached" });
  assert.equal(await paper(), "rgb(255, 255, 255)");
});

test("of several releases one is chosen, and stays chosen while the text changes", async (context) => {
  const page = await site.visit(context);
  const names = ["gallery/success-rate-only.yaml", "delivery/_examples/flagger-canary.yaml"];
  const texts = await Promise.all(names.map((name) => readFile(path.join(ROOT, name), "utf8")));
  await follow(page, texts.join("---\n"));
  const release = page.getByLabel("Release", { exact: true });
  const subjects = await release.locator("option").allTextContents();
  assert.deepEqual(subjects, ["Rollout shop/payments", "Canary shop/payments-api"]);
  await release.focus();
  await release.selectOption("Canary shop/payments-api");
  const label = () => page.getAttribute(".drawing", "aria-label");
  assert.equal(await label(), "Weight over time of Canary shop/payments-api");
  assert.ok(await release.evaluate((select) => select === document.activeElement));
  await follow(page, [...texts].reverse().join("---\n"));
  assert.equal(await label(), "Weight over time of Canary shop/payments-api");
});

test("a wait for a person is no time of the release", async (context) => {
  const page = await site.visit(context);
  const fixture = "tests/fixtures/attended-full-rollout/trap-gate-at-the-first-weight.yaml";
  await follow(page, await readFile(path.join(ROOT, fixture), "utf8"));
  assert.match(await page.textContent("#picture .facts"), /promoted after 51m30s, plus 1 wait for a person/);
  const said = () => page.getAttribute(".drawing", "aria-valuetext");
  await page.locator(".drawing").press("End");
  assert.match(await said(), /^after 51m30s; good release: 100 %, promoted/);
  const first = page.locator("#picture g.release rect[data-stage='0']").first();
  const { x, y, width, height } = await first.boundingBox();
  await page.mouse.move(x + width / 2, y + height / 2);
  assert.match(await said(), /^between 0s and 10m, and what a person takes; good release: 10 %, stage 1 of 4/);
});
