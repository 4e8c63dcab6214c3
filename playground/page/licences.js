// The licences of what the page is made of: its libraries, and the crates in the Wasm.

import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const PLAYGROUND = path.join(import.meta.dirname, "..");

/** All of them in one text. `inputs` are the files that esbuild bundled. */
export async function licences(inputs) {
  const own = await readFile(path.join(PLAYGROUND, "..", "LICENSE"), "utf8");
  const rust = "Copyright (c) The Rust Project Developers, MIT OR Apache-2.0, https://www.rust-lang.org";
  const parts = [`rollgate\n\n${own}`, `The standard library of Rust\n\n${rust}`];
  for (const { name, version, folder } of [...(await libraries(inputs)), ...(await crates())]) {
    parts.push(`${name} ${version}\n\n${await texts(name, folder)}`);
  }
  return `${parts.map((part) => part.trim()).join(`\n\n${"-".repeat(72)}\n\n`)}\n`;
}

/** The packages of which something is in the bundle. */
async function libraries(inputs) {
  const found = inputs.map((input) => /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input));
  const folders = new Map(found.filter(Boolean).map(([root, name]) => [name, path.resolve(root)]));
  const read = async ([name, folder]) => {
    const { version } = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    return { name, version, folder };
  };
  return Promise.all([...folders].sort().map(read));
}

/** The crates that the Wasm is compiled from. What runs at compile time only is not in it. */
async function crates() {
  const manifest = path.join(PLAYGROUND, "Cargo.toml");
  const where = ["--manifest-path", manifest, "--filter-platform", "wasm32-unknown-unknown"];
  const args = ["metadata", "--format-version", "1", "--locked", ...where];
  const { stdout } = await run(process.env.CARGO ?? "cargo", args, { maxBuffer: 1 << 28 });
  const { packages, resolve } = JSON.parse(stdout);
  const known = new Map(packages.map((each) => [each.id, each]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const seen = new Set();
  const next = [packages.find((each) => each.manifest_path === manifest).id];
  while (next.length > 0) {
    const id = next.pop();
    const compiled = known.get(id).targets.every((target) => !target.kind.includes("proc-macro"));
    if (seen.has(id) || !compiled) continue;
    seen.add(id);
    const normal = nodes.get(id).deps.filter((dep) => dep.dep_kinds.some(({ kind }) => kind === null));
    next.push(...normal.map((dep) => dep.pkg));
  }
  const foreign = [...seen].map((id) => known.get(id)).filter((each) => each.source !== null);
  return foreign
    .map(({ name, version, manifest_path }) => ({ name, version, folder: path.dirname(manifest_path) }))
    .sort((one, other) => one.name.localeCompare(other.name));
}

/** The texts in a package. Where there is a choice, MIT is taken. */
async function texts(name, folder) {
  const files = (await readdir(folder)).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file)).sort();
  const mit = files.some((file) => /mit/i.test(file));
  const taken = files.filter((file) => !mit || !/apache|copying/i.test(file));
  if (taken.length === 0) throw new Error(`${name} has no licence in ${folder}: say in licences.js where it is`);
  const read = (file) => readFile(path.join(folder, file), "utf8");
  return (await Promise.all(taken.map(read))).map((text) => text.trim()).join("\n\n");
}
