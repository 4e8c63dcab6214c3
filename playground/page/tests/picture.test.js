import assert from "node:assert/strict";
import { after, test } from "node:test";

import { example, playground } from "./support/page.js";

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
  await page.getByText("The same as tables").click();
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
