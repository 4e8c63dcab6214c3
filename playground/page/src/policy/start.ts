// Starts the policy. The first module of the page to run: the Wasm is on its way while the rest is evaluated.

export function start(): Worker {
  return new Worker(new URL("policy-worker.js", document.baseURI), { type: "module" });
}

export const first = start();
