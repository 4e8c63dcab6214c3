// Serves the built page below a sub-path, with the headers it is meant to have.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import path from "node:path";

export const POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".txt": "text/plain; charset=utf-8",
};

/** Serves `directory`; gives the page's address, what stops the server, and what is not served though it is there. */
export async function serve(directory, below = "/docs/playground/") {
  const withheld = new Set();
  const server = createServer((request, response) => void answer(request, response));
  async function answer(request, response) {
    const { pathname } = new URL(request.url, "http://localhost");
    const name = pathname.startsWith(below) ? pathname.slice(below.length) || "index.html" : undefined;
    const type = name && !name.includes("..") ? TYPES[path.extname(name)] : undefined;
    const content = type && !withheld.has(name) && (await readFile(path.join(directory, name)).catch(() => undefined));
    if (!content) return response.writeHead(404).end();
    response.writeHead(200, {
      "Content-Type": type,
      "Content-Security-Policy": POLICY,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
    });
    response.end(content);
  }
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `http://127.0.0.1:${server.address().port}${below}`,
    withheld,
    stop: () => new Promise((resolve) => server.close(resolve)),
  };
}
