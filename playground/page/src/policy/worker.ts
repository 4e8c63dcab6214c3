// The policy, beside the page: typing goes on while it judges.

import start, { catalogue, review } from "policy";

import type { Draft } from "./contract";

export type Question = { number: number; draft: Draft; now: number };
export type Answer =
  | { kind: "catalogue"; text: string }
  | { kind: "review"; number: number; text: string }
  | { kind: "failure"; message: string };

function answer(message: Answer): void {
  self.postMessage(message);
}

async function serve(): Promise<void> {
  const started = start({ module_or_path: new URL("policy_bg.wasm", self.location.href) });
  self.onmessage = async ({ data }: MessageEvent<Question>) => {
    await started;
    const text = review(data.draft.manifests, data.draft.settings, data.now);
    answer({ kind: "review", number: data.number, text });
  };
  await started;
  answer({ kind: "catalogue", text: catalogue() });
}

serve().catch((error: unknown) => answer({ kind: "failure", message: String(error) }));
