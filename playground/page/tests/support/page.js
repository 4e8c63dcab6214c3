// The built page in a real browser.

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import path from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";

import { chromium } from "playwright-core";

import { serve } from "./server.js";

/** The repository. */
export const ROOT = path.join(import.meta.dirname, "../../../..");
const DIST = process.env.PLAYGROUND ?? path.join(ROOT, "playground/dist");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** Starts server and browser; `close` stops them. */
export async function playground() {
  await stat(path.join(DIST, "index.html")).catch(() => {
    throw new Error(`${DIST} holds no page: build it first`);
  });
  const server = await serve(DIST);
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS });
  return new Playground(server, browser);
}

class Playground {
  constructor(server, browser) {
    this.server = server;
    this.address = server.address;
    this.browser = browser;
  }

  async close() {
    await this.browser.close();
    await this.server.stop();
  }

  /** Opens the page with nothing stored. The test fails for whatever the page must not do and is not `expected`. */
  async visit(test, { fragment = "", script, expected = [], ...options } = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    const wrong = [];
    const origin = new URL(this.address).origin;
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(this.address) && !url.startsWith("data:")) wrong.push(`request to ${url}, not ${origin}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) wrong.push(`${response.status()} for ${response.url()}`);
    });
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) wrong.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => wrong.push(`exception: ${error.stack}`));
    page.on("dialog", (dialog) => {
      wrong.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    await page.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
        window.violations.push(`${violatedDirective}: ${blockedURI} ${sample}`);
      });
    });
    if (script) await page.addInitScript(script);
    test.after(async () => {
      const violations = await page.evaluate(() => window.violations);
      await context.close();
      const surprises = wrong.filter((each) => !expected.some((pattern) => pattern.test(each)));
      assert.deepEqual([...surprises, ...violations], []);
    });
    await page.goto(this.address + fragment);
    await judged(page);
    return page;
  }
}

/** Waits until what stands in the editors is judged. */
export async function judged(page) {
  await page.waitForSelector('#verdict:not([data-verdict="none"])');
  await page.waitForSelector('#results[aria-busy="false"]');
}

/** Does something that changes the draft, and waits for the verdict on it. */
export async function reviewed(page, act) {
  const review = await page.evaluateHandle(() => {
    const results = document.getElementById("results");
    let asked = false;
    const done = new Promise((resolve) => {
      const observer = new MutationObserver((records) => {
        const busy = results.getAttribute("aria-busy") === "true";
        asked ||= busy || records.some((record) => record.oldValue === "true");
        if (!asked || busy) return;
        observer.disconnect();
        resolve();
      });
      observer.observe(results, { attributeFilter: ["aria-busy"], attributeOldValue: true });
    });
    return { done };
  });
  await act();
  await review.evaluate(({ done }) => done);
  await judged(page);
}

/** Writes over all that stands in an editor, as a hand would. */
export async function write(page, content, editor = "manifests") {
  await page.locator(`#${editor} .cm-content`).focus();
  await page.keyboard.press("Control+A");
  await reviewed(page, () => page.keyboard.insertText(content));
}

export function verdict(page) {
  return page.getAttribute("#verdict", "data-verdict");
}

/** The entries of the list of findings. */
export function findings(page) {
  return page.$$eval("#findings li", (entries) =>
    entries.map((entry) => ({
      level: entry.querySelector(".badge").textContent,
      rule: entry.querySelector(".name")?.textContent ?? "",
      place: entry.querySelector(".place")?.textContent ?? "",
      message: entry.querySelector(".message")?.textContent ?? "",
      mend: entry.querySelector(".mend")?.lastChild.textContent ?? "",
    })),
  );
}

/** The choices of the list of examples. */
export function examples(page) {
  return page.$$eval("#examples optgroup option", (options) =>
    options.map((option) => ({ value: option.value, label: option.label, group: option.parentElement.label })),
  );
}

export async function pick(page, value) {
  await reviewed(page, () => page.selectOption("#examples", value));
}

/** Picks the first example whose group or label matches. */
export async function example(page, pattern) {
  const found = (await examples(page)).find(({ group, label }) => pattern.test(`${group}: ${label}`));
  assert.ok(found, `an example like ${pattern}`);
  await pick(page, found.value);
}

/** A link's fragment, made and read apart from the page. */
export function fragment(manifests, settings = "") {
  return `#1.${deflateRawSync(JSON.stringify([manifests, settings])).toString("base64url")}`;
}

export function draft(fragment) {
  assert.match(fragment, /^#1\./);
  return JSON.parse(inflateRawSync(Buffer.from(fragment.slice(3), "base64url")).toString());
}

/** Gives the page a draft as a link does. */
export async function follow(page, manifests, settings = "") {
  const next = fragment(manifests, settings);
  await page.evaluate(() => history.replaceState(null, "", "#"));
  await reviewed(page, () => page.evaluate((hash) => void (location.hash = hash), next));
}
