import assert from "node:assert/strict";
import { after, test } from "node:test";

import { examples, pick, playground, verdict } from "./support/page.js";

const site = await playground();
after(() => site.close());

test("every example gets the verdict it announces", async (context) => {
  const page = await site.visit(context);
  const all = await examples(page);
  const groups = new Set(all.map(({ group }) => group));
  assert.deepEqual([...groups], ["Canonical", "Gallery", "Rules"]);
  const wrong = [];
  for (const { value, label } of all) {
    const [, announced] = /\((accepted|rejected)\)$/.exec(label) ?? [];
    assert.ok(announced, `${label} announces a verdict`);
    await pick(page, value);
    const got = await verdict(page);
    if (got !== announced) wrong.push(`${label}: ${got}`);
  }
  assert.deepEqual(wrong, []);
});

test("what is edited is no example any more", async (context) => {
  const page = await site.visit(context);
  assert.notEqual(await page.inputValue("#examples"), "");
  await page.locator("#manifests .cm-content").press("#");
  assert.equal(await page.inputValue("#examples"), "");
});

test("a rule is explained with examples that open in the editor", async (context) => {
  const page = await site.visit(context);
  await page.click("#settings-tab");
  await page.getByRole("button", { name: "gradual-exposure" }).click();
  const dialog = page.locator("#explanation");
  assert.match(await dialog.textContent(), /Why.*How to mend it.*maxFirstWeight/s);
  await dialog.getByText("Rejected: an example").click();
  await dialog.getByRole("button", { name: "Open in the editor" }).first().click();
  assert.equal(await page.isVisible("#explanation[open]"), false);
  await page.waitForSelector('#verdict[data-verdict="rejected"]');
});
