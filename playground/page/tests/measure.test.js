// How long it takes, printed and not judged: machines differ.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";

import { follow, judged, playground, ROOT } from "./support/page.js";

const site = await playground();
after(() => site.close());

test("times", async (context) => {
  const first = [];
  for (let round = 0; round < 5; round += 1) {
    const page = await site.visit(context, { script: watch });
    first.push(await page.evaluate(() => window.first));
  }
  report(context, "first verdict on a cold load", first);

  const page = await site.visit(context);
  const files = ["canary-rollout.yaml", "analysis-template.yaml"];
  const texts = await Promise.all(files.map((name) => readFile(path.join(ROOT, "delivery/_examples", name), "utf8")));
  const text = texts.join("---\n");
  await follow(page, text);
  await page.evaluate(() => {
    window.times = [];
    let pressed = 0;
    document.addEventListener("keydown", () => (pressed = performance.now()), { capture: true });
    const results = document.getElementById("results");
    new MutationObserver(() => {
      if (results.getAttribute("aria-busy") === "false") window.times.push(performance.now() - pressed);
    }).observe(results, { attributeFilter: ["aria-busy"] });
  });
  // In the name of the release: every key changes findings and drawing.
  await page.locator("#manifests .cm-line", { hasText: "name: payments" }).nth(0).click();
  await page.keyboard.press("End");
  for (const key of "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz") {
    await page.keyboard.press(key);
    await judged(page);
  }
  const lines = text.split("\n").length;
  report(context, `verdict after a key at ${lines} lines`, await page.evaluate(() => window.times));
});

/** Notes when the first verdict is there. */
function watch() {
  new MutationObserver((_, observer) => {
    const verdict = document.getElementById("verdict")?.dataset.verdict ?? "none";
    if (verdict === "none") return;
    observer.disconnect();
    window.first = performance.now();
  }).observe(document, { subtree: true, childList: true, attributeFilter: ["data-verdict"] });
}

function report(context, what, times) {
  const sorted = [...times].sort((one, other) => one - other);
  const at = (share) => `${sorted[Math.floor(share * (sorted.length - 1))].toFixed(1)} ms`;
  context.diagnostic(`${what}: median ${at(0.5)}, 95 % ${at(0.95)}, worst ${at(1)} of ${sorted.length}`);
}
