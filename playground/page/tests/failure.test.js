import assert from "node:assert/strict";
import { after, test } from "node:test";

import { judged, playground, verdict } from "./support/page.js";

const site = await playground();
after(() => site.close());

test("without the Wasm the page says so, and asks for it again with the next change", async (context) => {
  site.server.withheld.add("policy_bg.wasm");
  const page = await site.visit(context, { expected: [/404/] });
  assert.equal(await verdict(page), "failed");
  assert.match(await page.textContent("#verdict"), /No verdict.*gave no answer/);
  site.server.withheld.clear();
  await page.locator("#manifests .cm-content").focus();
  await page.keyboard.type("a: 1");
  await page.waitForSelector('#verdict:not([data-verdict="failed"])');
  await judged(page);
  assert.ok((await page.locator("#examples option").count()) > 50);
});

test("a policy that breaks down is started again", async (context) => {
  // A worker that breaks down with the first question, and the real one after it.
  const script = () => {
    const Real = window.Worker;
    let first = true;
    window.Worker = class extends Real {
      postMessage(message) {
        if (!first) return super.postMessage(message);
        first = false;
        super.postMessage({ draft: null, now: 0 });
      }
    };
  };
  const page = await site.visit(context, { script });
  assert.equal(await verdict(page), "failed");
  await page.locator("#manifests .cm-content").press("#");
  await page.waitForSelector('#verdict[data-verdict="accepted"]');
});
