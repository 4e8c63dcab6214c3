// Builds the page: node build.js --policy DIRECTORY [--out DIRECTORY]
//
// The first directory holds policy.js and policy_bg.wasm, as wasm-bindgen writes them for the web.

import { copyFile, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

import { build } from "esbuild";

import { licences } from "./licences.js";

const here = import.meta.dirname;
const source = (name) => path.join(here, "src", name);

const { values } = parseArgs({ options: { policy: { type: "string" }, out: { type: "string" } } });
const policy = values.policy ?? process.env.POLICY;
const out = path.resolve(values.out ?? path.join(here, "..", "dist"));
if (!policy) fail("say where policy.js and policy_bg.wasm are: npm run build -- --policy DIRECTORY");
for (const name of ["policy.js", "policy_bg.wasm"]) {
  await stat(path.join(policy, name)).catch(() => fail(`${path.join(policy, name)} is missing: build the Wasm first`));
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const { metafile } = await build({
  entryPoints: { app: source("main.ts"), "policy-worker": source("policy/worker.ts") },
  outdir: out,
  alias: { policy: path.resolve(policy, "policy.js") },
  bundle: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
});
await build({
  entryPoints: [source("app.css"), source("early.ts")],
  outdir: out,
  bundle: true,
  format: "iife",
  target: ["es2022", "chrome123", "firefox120", "safari17.5"],
  minify: true,
  logLevel: "warning",
});
for (const name of ["index.html", "icon.svg"]) await copyFile(source(name), path.join(out, name));
await copyFile(path.join(policy, "policy_bg.wasm"), path.join(out, "policy_bg.wasm"));
await writeFile(path.join(out, "LICENSES.txt"), await licences(Object.keys(metafile.inputs)));
await sizes();

/** Prints what a visit transfers. */
async function sizes() {
  const names = ["index.html", "app.css", "early.js", "app.js", "policy-worker.js", "policy_bg.wasm"];
  const rows = [];
  for (const name of names) {
    const content = await readFile(path.join(out, name));
    const brotli = brotliCompressSync(content, {
      params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
    });
    rows.push([name, content.length, gzipSync(content, { level: 9 }).length, brotli.length]);
  }
  const sum = (column) => rows.reduce((total, row) => total + row[column], 0);
  rows.push(["all", sum(1), sum(2), sum(3)]);
  const line = (name, ...numbers) => name.padEnd(18) + numbers.map((each) => String(each).padStart(10)).join("");
  console.log(line("bytes", "raw", "gzip", "brotli"));
  for (const row of rows) console.log(line(...row));
}

function fail(message) {
  console.error(`error: ${message}`);
  process.exit(1);
}
