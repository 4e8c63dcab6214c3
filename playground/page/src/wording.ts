// Numbers and names as the rest of rollgate writes them.

import type { Cause, Outcome, Plan, Stage, Story } from "./policy/plan";

/** `1h2m3s`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  const parts: [number, string][] = [
    [Math.floor(whole / 3600), "h"],
    [Math.floor((whole % 3600) / 60), "m"],
    [whole % 60, "s"],
  ];
  const text = parts.filter(([amount]) => amount !== 0).map(([amount, unit]) => `${amount}${unit}`);
  return text.join("") || "0s";
}

/** `25 %`. */
export function percent(weight: number): string {
  return `${tenths(weight)} %`;
}

export function exposure(percentMinutes: number): string {
  return `${tenths(percentMinutes)} percent-minutes`;
}

function tenths(number: number): number {
  return Math.round(number * 10) / 10;
}

/** `3 findings`. */
export function count(amount: number, one: string, many = `${one}s`): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** `Rollout shop/payments`. */
export function subject(object: { kind: string; namespace: string | null; name: string }): string {
  return `${object.kind} ${object.namespace ? `${object.namespace}/` : ""}${object.name}`;
}

/** How a release ends, and when. */
export function ending(story: Story): string {
  const after = duration(story.seconds);
  switch (story.end) {
    case "rolled-back":
      return `rolled back after ${after}`;
    case "promoted":
      return `promoted after ${after}`;
    case "waits":
      return `waits from ${after} on`;
  }
}

/** In what a release is bad: `everything`, `latency alone`. */
export function badness(plan: Plan, outcome: Outcome): string {
  return outcome === plan.outcomes[0] ? "everything" : `${outcome.bad.join(", ")} alone`;
}

/** What ended it, or nothing. */
export function because(cause: Cause | null): string {
  if (!cause) return "";
  if ("gate" in cause) return `${cause.gate} at ${cause.path}`;
  return `${cause.metric}, ${duration(cause.sinceFirstFailing)} after its first failing measurement`;
}

/** The share of requests at a stage. */
export function share(stage: Stage): string {
  const matching = stage.matching ? " and all that match" : "";
  return `${percent(stage.effectiveWeight)}${matching}${stage.mirrored ? ", mirrored" : ""}`;
}

/** How long a stage is held. */
export function hold(stage: Stage): string {
  const waits = stage.waits.map((wait) => {
    switch (wait.for) {
      case "time":
        return duration(wait.seconds);
      case "human":
        return `${wait.what}, ended by a person`;
      case "never":
        return `${wait.why}, without end`;
      case "analyses":
        return wait.metrics.length ? `until ${wait.metrics.join(", ")} is done` : "an experiment";
    }
  });
  return waits.join(", then ") || "not held";
}
