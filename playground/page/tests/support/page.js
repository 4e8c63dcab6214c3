// The built page in a real browser.

import assert from "node:assert/strict";
import { stat } from "node:fs/promises";
import path from "node:path";

import { chromium } from "playwright-core";

import { serve } from "./server.js";

/** The repository. */
export const ROOT = path.resolve(import.meta.dirname, "../../../..");
const DIST = process.env.PAGE ?? path.join(ROOT, "playground/dist");
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

/** Starts server and browser, and stops them when the tests of the file are over. */
export async function playground(after) {
  await stat(path.join(DIST, "index.html")).catch(() => {
    throw new Error(`${DIST} holds no page: npm run build first`);
  });
  const server = await serve(DIST);
  after(server.stop);
  const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: ARGUMENTS });
  after(() => browser.close());
  return new Playground(server.address, browser);
}

class Playground {
  constructor(address, browser) {
    this.address = address;
    this.browser = browser;
  }

  /** Opens the page with nothing stored, and fails the test for whatever it must never do. */
  async visit(test, { fragment = "", init, ...options } = {}) {
    const context = await this.browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    const wrong = [];
    const origin = new URL(this.address).origin;
    page.on("request", (request) => {
      const url = request.url();
      if (!url.startsWith(origin) && !url.startsWith("data:")) wrong.push(`request to ${url}`);
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
      document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`);
      });
    });
    if (init) await page.addInitScript(init);
    test.after(async () => {
      const violations = await page.evaluate(() => window.violations);
      await context.close();
      assert.deepEqual([...wrong, ...violations], []);
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

export function verdict(page) {
  return page.getAttribute("#verdict", "data-verdict");
}

/** The text of an editor. */
export function text(page, editor = "manifests") {
  return page.evaluate((id) => {
    const content = document.getElementById(id).shadowRoot.querySelector(".cm-content");
    return content.cmTile.view.state.doc.toString();
  }, editor);
}

/** Replaces the text of an editor as a paste does, and waits for the verdict. */
export async function write(page, content, editor = "manifests") {
  await page.locator(`#${editor} .cm-content`).focus();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(content);
  await judged(page);
}

/** The choices of the list of examples: label, value and group. */
export function examples(page) {
  return page.$$eval("#examples optgroup option", (options) =>
    options.map((option) => ({ value: option.value, label: option.label, group: option.parentElement.label })),
  );
}

export async function pick(page, value) {
  await page.selectOption("#examples", value);
  await judged(page);
}
