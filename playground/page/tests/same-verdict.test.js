// The page and the command line say the same about every manifest of the repository.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";

import { findings, follow, playground, ROOT, verdict } from "./support/page.js";

const ROLLGATE = process.env.ROLLGATE ?? path.join(ROOT, "dist/rollgate");

const site = await playground();
after(() => site.close());
const folder = await mkdtemp(path.join(tmpdir(), "rollgate-playground-"));
after(() => rm(folder, { recursive: true }));

async function manifests() {
  const files = [];
  for (const below of ["tests/fixtures", "gallery", "delivery/_examples"]) {
    const entries = await readdir(path.join(ROOT, below), { recursive: true });
    files.push(...entries.filter((entry) => entry.endsWith(".yaml")).map((entry) => path.join(below, entry)));
  }
  return files.sort();
}

function sorted(found) {
  return found.map((each) => JSON.stringify(each, Object.keys(each).sort())).sort();
}

/** What `rollgate check` says. */
async function native(file, settings) {
  const settingsFile = path.join(folder, "settings.yaml");
  await writeFile(settingsFile, settings || "{}");
  const text = await new Promise((resolve, reject) => {
    const args = ["check", "-o", "json", "--settings", settingsFile, path.join(ROOT, file)];
    execFile(ROLLGATE, args, { maxBuffer: 64 << 20 }, (error, stdout) => {
      // 1 is a verdict; all else is none.
      if (error && error.code !== 1) reject(error);
      else resolve(stdout);
    });
  });
  const { objects } = JSON.parse(text);
  const found = objects.flatMap(({ kind, namespace, name, findings }) =>
    findings.map(({ rule, level, line, message, help }) => {
      const place = `${kind} ${namespace ? `${namespace}/` : ""}${name}, line ${line}`;
      return { level, rule, place, message, mend: help };
    }),
  );
  const rejected = objects.some((object) => object.verdict === "reject");
  return { verdict: objects.length === 0 ? "nothing" : rejected ? "rejected" : "accepted", found: sorted(found) };
}

test("every manifest gets the verdict and the findings of the command line", async (context) => {
  const page = await site.visit(context);
  const files = await manifests();
  assert.ok(files.length > 250);
  const wrong = [];
  for (const file of files) {
    const text = await readFile(path.join(ROOT, file), "utf8");
    const settings = /^# settings: (.*)$/m.exec(text.split("\n", 2).join("\n"))?.[1] ?? "";
    await follow(page, text, settings);
    const listed = await findings(page);
    const found = sorted(listed.filter(({ rule }) => rule !== ""));
    const got = { verdict: await verdict(page), found };
    const expected = await native(file, settings);
    try {
      assert.deepEqual(got, expected);
    } catch (error) {
      wrong.push(`${file}\n${error.message}`);
    }
  }
  assert.equal(wrong.length, 0, `${wrong.length} differ:\n${wrong.slice(0, 5).join("\n")}`);
});
