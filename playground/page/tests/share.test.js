import assert from "node:assert/strict";
import { after, test } from "node:test";
import { deflateRawSync } from "node:zlib";

import { draft, follow, fragment, playground, verdict } from "./support/page.js";

const site = await playground();
after(() => site.close());

const BARE = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: größe-日本-🙂}\nspec: {}\n";

test("a link brings manifests and settings back", async (context) => {
  const page = await site.visit(context, { permissions: ["clipboard-read", "clipboard-write"] });
  await follow(page, BARE, "rules: {no-bypass: warn}\n");
  assert.equal(await verdict(page), "accepted");
  await page.evaluate(() => history.replaceState(null, "", "#"));
  await page.click("#share");
  await page.waitForFunction(() => document.getElementById("notice").textContent.includes("copied"));
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url());
  const { hash } = new URL(link);
  assert.deepEqual(draft(hash), [BARE, "rules: {no-bypass: warn}\n"]);

  const second = await site.visit(context, { fragment: hash });
  assert.equal(await verdict(second), "accepted");
  assert.match(await second.textContent("#manifests .cm-content"), /größe-日本-🙂/);
});

for (const [name, damaged, reason] of [
  ["is cut off", fragment(BARE).slice(0, -9), /missing or was changed/],
  ["has a wrong character", `${fragment(BARE)}!`, /missing or was changed/],
  ["was made elsewhere", "#section-2", /not made by this page/],
  ["holds something else", `#1.${deflateRawSync('{"a": 1}').toString("base64url")}`, /holds no manifests/],
  ["holds numbers", `#1.${deflateRawSync("[1, 2]").toString("base64url")}`, /holds no manifests/],
  ["unpacks to more than a page should hold", fragment("a".repeat(64 << 20)), /too long/],
]) {
  test(`a link that ${name} is told and ignored`, async (context) => {
    const page = await site.visit(context, { fragment: damaged });
    await page.waitForFunction(() => document.getElementById("notice").textContent !== "");
    assert.match(await page.textContent("#notice"), reason);
    assert.equal(await verdict(page), "accepted", "the first example");
  });
}
