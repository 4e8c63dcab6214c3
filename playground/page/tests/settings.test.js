import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { after, test } from "node:test";

import { draft, findings, follow, playground, reviewed, ROOT, verdict, write } from "./support/page.js";

const site = await playground();
after(() => site.close());

async function gallery(name) {
  return readFile(path.join(ROOT, "gallery", `${name}.yaml`), "utf8");
}

/** The text of the settings: what a link holds of them. */
async function settings(page) {
  await page.evaluate(() => history.replaceState(null, "", "#"));
  await page.click("#share");
  await page.waitForFunction(() => location.hash.startsWith("#1."));
  const [, text] = draft(await page.evaluate(() => location.hash));
  return text;
}

test("the level of a rule changes the verdict, and is written into the text", async (context) => {
  const page = await site.visit(context);
  await follow(page, await gallery("success-rate-only"));
  assert.equal(await verdict(page), "rejected");
  await page.click("#settings-tab");
  await reviewed(page, () => page.getByLabel("Level of analysis-signals").selectOption("warn"));
  assert.equal(await verdict(page), "accepted");
  const [first] = await findings(page);
  assert.deepEqual([first.level, first.rule], ["warn", "analysis-signals"]);
  assert.equal(await settings(page), "rules:\n  analysis-signals: warn\n");
  await reviewed(page, () => page.getByLabel("Level of analysis-signals").selectOption(""));
  assert.equal(await verdict(page), "rejected");
  assert.equal(await settings(page), "");
});

test("the profile changes the verdict, and what rules stand at", async (context) => {
  const page = await site.visit(context);
  const fixture = path.join(ROOT, "tests/fixtures/minimum-hold/rejected-pause.yaml");
  await follow(page, await readFile(fixture, "utf8"));
  assert.equal(await verdict(page), "accepted");
  await page.click("#settings-tab");
  const level = page.getByLabel("Level of minimum-hold");
  assert.equal(await level.evaluate((select) => select.selectedOptions[0].label), "off (profile)");
  await reviewed(page, () => page.getByLabel("Profile").selectOption("strict"));
  assert.equal(await verdict(page), "rejected");
  assert.equal(await level.evaluate((select) => select.selectedOptions[0].label), "deny (profile)");
  assert.equal(await settings(page), "profile: strict\n");
});

test("enforcement lowers every denial", async (context) => {
  const page = await site.visit(context);
  await follow(page, await gallery("success-rate-only"));
  await page.click("#settings-tab");
  await reviewed(page, () => page.getByLabel("Enforcement").selectOption("warn"));
  assert.equal(await verdict(page), "accepted");
});

test("controls keep comments and parameters of the text", async (context) => {
  const page = await site.visit(context);
  const text = "# ours\nrules:\n  no-bypass: false\n  gradual-exposure: {maxFirstWeight: 20} # small\n";
  await follow(page, await gallery("success-rate-only"), text);
  await page.click("#settings-tab");
  await reviewed(page, () => page.getByLabel("Level of gradual-exposure").selectOption("warn"));
  assert.equal(await page.getByLabel("Level of no-bypass").inputValue(), "off");
  const changed = await settings(page);
  const rules = "  no-bypass: false\n  gradual-exposure: {maxFirstWeight: 20, level: warn} # small\n";
  assert.equal(changed, `# ours\nrules:\n${rules}`);
});

test("settings that cannot be used are told, and nothing is judged with them", async (context) => {
  const page = await site.visit(context);
  await page.click("#settings-tab");
  await write(page, "profile: lenient\n", "settings");
  assert.equal(await verdict(page), "unread");
  assert.match(await page.textContent("#findings"), /lenient|profile/);
  assert.ok(await page.isVisible("#settings .cm-lintRange-error"));
  assert.ok(await page.isVisible("#picture.stale"));
  await write(page, "profile: [", "settings");
  assert.equal(await verdict(page), "unread");
  assert.ok(await page.getByLabel("Profile").isDisabled());
  await write(page, "profile: strict", "settings");
  assert.equal(await page.inputValue("select[name=profile]"), "strict");
});
