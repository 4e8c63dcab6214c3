import assert from "node:assert/strict";
import { after, test } from "node:test";

import { example, findings, follow, judged, playground, reviewed, verdict, write } from "./support/page.js";

const site = await playground();
after(() => site.close());

const BARE = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: payments
spec:
  template:
    spec:
      containers:
        - name: payments
          image: payments:1.0
`;

test("the page begins with a release that is accepted", async (context) => {
  const page = await site.visit(context);
  assert.equal(await verdict(page), "accepted");
  assert.match(await page.textContent("#verdict"), /Accepted/);
  assert.ok(await page.isVisible("#picture svg g.release"));
});

test("what is typed is judged, found in its place, and mended again", async (context) => {
  const page = await site.visit(context);
  await write(page, BARE);
  assert.equal(await verdict(page), "rejected");
  const [first] = await findings(page);
  assert.deepEqual([first.level, first.rule], ["deny", "no-bypass"]);
  assert.match(first.place, /^Deployment payments, line \d+$/);
  assert.ok(await page.isVisible("#manifests .cm-lintRange-error"));
  assert.ok(await page.isVisible("#manifests .cm-lint-marker-error"));
  await page.locator("#manifests .cm-content").press("Control+A");
  await reviewed(page, () => page.keyboard.press("Delete"));
  assert.equal(await verdict(page), "nothing");
  assert.equal(await page.isVisible("#picture svg g.release"), false);
});

test("a remark in the editor tells message and mend, and leads to the rule", async (context) => {
  const page = await site.visit(context);
  await write(page, BARE);
  await page.locator("#manifests .cm-lintRange-error").first().hover();
  const remark = page.locator("#manifests .cm-diagnostic").first();
  await remark.waitFor();
  assert.match(await remark.textContent(), /no-bypass.*Mend:/s);
  await remark.getByRole("button", { name: "no-bypass" }).click();
  assert.ok(await page.isVisible("#explanation[open]"));
  assert.equal(await page.textContent("#explanation h2"), "no-bypass");
});

test("a place in the list is shown in the editor", async (context) => {
  const page = await site.visit(context);
  await follow(page, `${"# a comment\n".repeat(200)}${BARE}`);
  await page.locator("#findings .place").first().click();
  assert.match(await page.textContent("#manifests .cm-activeLine"), /kind: Deployment/);
  assert.ok(await page.evaluate(() => document.activeElement.id === "manifests"));
});

test("a broken document keeps the last picture, dimmed, and says where it is broken", async (context) => {
  const page = await site.visit(context);
  const before = await page.innerHTML("#picture svg");
  await page.locator("#manifests .cm-line").nth(2).click();
  await page.keyboard.press("End");
  await reviewed(page, () => page.keyboard.insertText(" : ["));
  await judged(page);
  assert.equal(await verdict(page), "unread");
  assert.equal(await page.innerHTML("#picture svg"), before);
  assert.ok(await page.isVisible("#picture.stale"));
  assert.match(await page.textContent("#picture-hint"), /last picture/);
  const [problem] = await findings(page);
  assert.equal(problem.level, "unread");
  assert.match(problem.place, /^line \d+$/);
  assert.ok(await page.isVisible("#manifests .cm-lint-marker-error"));
  await reviewed(page, () => page.keyboard.press("Control+Z"));
  assert.equal(await verdict(page), "accepted");
  assert.equal(await page.isVisible("#picture.stale"), false);
});

test("every beginning of a manifest gets a verdict", async (context) => {
  const page = await site.visit(context);
  await write(page, " ");
  await page.keyboard.press("Control+A");
  await page.keyboard.type(BARE.slice(0, 90), { delay: 0 });
  await judged(page);
  assert.notEqual(await verdict(page), "failed");
});


test("a certain mend is applied by a click, and undone by a key", async (context) => {
  const page = await site.visit(context);
  await example(page, /one line above it switches it off/);
  assert.equal(await verdict(page), "rejected");
  await reviewed(page, () => page.locator("#findings").getByRole("button", { name: "Apply the mend" }).click());
  assert.equal(await verdict(page), "accepted");
  await reviewed(page, () => page.keyboard.press("Control+Z"));
  assert.equal(await verdict(page), "rejected");
  await page.locator("#manifests .cm-lintRange-error").first().hover();
  const remark = page.locator("#manifests .cm-diagnostic", { hasText: "no-skip" });
  await reviewed(page, () => remark.getByRole("button", { name: "Apply the mend" }).click());
  assert.equal(await verdict(page), "accepted");
});
