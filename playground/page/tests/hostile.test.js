import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";

import { findings, follow, playground, ROOT, verdict } from "./support/page.js";

const site = await playground();
after(() => site.close());

const MARKUP = [
  `<img src=x onerror="alert(1)">`,
  `</text></svg><script>alert(1)</script>`,
  `"><svg onload=alert(1)>`,
  `</style><style>*{display:none}</style>`,
  `<style>@import "http://example.com/a.css"</style>`,
  `]]><a href="javascript:alert(1)">x</a>`,
  `{{args.x}}<b>&lt;&amp;\\u0000`,
];

/** Everything of the page that came out of the manifests. */
const FOREIGN = "#picture :is(img, script, a, style, iframe, b > *), #findings :is(img, script, a, style, svg)";

for (const markup of MARKUP) {
  test(`${markup} in names stays text`, async (context) => {
    const page = await site.visit(context);
    const text = await readFile(path.join(ROOT, "gallery/success-rate-only.yaml"), "utf8");
    const name = JSON.stringify(markup);
    const hostile = text
      .replaceAll(/\b(name|templateName): (payments|request-signals|smoke-check|success-rate)$/gm, `$1: ${name}`)
      .replaceAll("namespace: shop", `namespace: ${name}`);
    await follow(page, hostile);
    assert.equal(await verdict(page), "rejected");
    assert.ok((await findings(page)).length > 0);
    assert.equal(await page.locator(FOREIGN).count(), 0);
    assert.ok(await page.isVisible("#picture svg g.release"));
    const drawn = await page.textContent("#picture .subject");
    assert.ok(drawn.includes(markup.replace("\\u0000", "\\u0000")), drawn);
  });

  test(`${markup} instead of manifests and settings does nothing`, async (context) => {
    const page = await site.visit(context);
    await follow(page, `${markup}\n---\n- ${markup}`, markup);
    assert.notEqual(await verdict(page), "accepted");
    assert.equal(await page.locator(FOREIGN).count(), 0);
  });
}

test("a flood of documents is judged or refused, and the page goes on", async (context) => {
  const page = await site.visit(context);
  const one = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n---\n";
  await follow(page, one.repeat(3000));
  assert.notEqual(await verdict(page), "accepted");
  await follow(page, one);
  assert.equal(await verdict(page), "rejected");
});
