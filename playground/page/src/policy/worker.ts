// The policy, beside the page: typing goes on while it judges.

import start, { catalogue, review } from "policy";

import type { Draft } from "./contract";

/** A draft, and the moment to judge it at, in seconds. */
export type Question = { draft: Draft; now: number };
export type Answer =
  | { kind: "catalogue"; text: string }
  | { kind: "review"; text: string }
  | { kind: "failure"; message: string };

function answer(message: Answer): void {
  self.postMessage(message);
}

function fail(error: unknown): void {
  answer({ kind: "failure", message: String(error) });
}

const started = start({ module_or_path: new URL("policy_bg.wasm", self.location.href) });

self.onmessage = ({ data: { draft, now } }: MessageEvent<Question>) => {
  const judge = () => answer({ kind: "review", text: review(draft.manifests, draft.settings, now) });
  started.then(judge).catch(fail);
};

started.then(() => answer({ kind: "catalogue", text: catalogue() })).catch(fail);
