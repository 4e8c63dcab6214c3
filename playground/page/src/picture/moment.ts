// What happens at one place of the axis.

import { duration, percent } from "../wording";
import type { Lane, Span, Weight } from "./lanes";

/** All places at which something begins or ends, from left to right. */
export function moments(shown: Lane[]): number[] {
  const places = shown.flatMap((lane) =>
    [...lane.weights, ...lane.runs].flatMap((span) => (span.end === undefined ? [span.left] : [span.left, span.right])),
  );
  return [...new Set(places)].sort((one, other) => one - other);
}

/** The time at a place, in seconds: as what lasts there has it. */
export function timeAt(shown: Lane[], place: number): number | undefined {
  for (const { weights } of shown) {
    const span = weights.find((each) => inside(each, place));
    if (span) {
      if (span.end === undefined) return span.start;
      const share = span.right > span.left ? (place - span.left) / (span.right - span.left) : 0;
      return span.start + share * (span.end - span.start);
    }
  }
  return undefined;
}

/** What a release does there. */
export function stateAt(lane: Lane, place: number, stages: number): string {
  const weight = lane.weights.findLast((each) => inside(each, place));
  if (!weight) return lane.end === "rolled-back" ? "rolled back, 0 %" : "0 %";
  const running = lane.runs.filter((run) => inside(run, place)).map((run) => run.text.split(" (")[0]);
  const watched = running.length ? `, watched by ${running.join(" and ")}` : "";
  return `${percent(weight.weight)}, ${stageOf(weight, lane, stages)}${watched}`;
}

function stageOf(weight: Weight, lane: Lane, stages: number): string {
  if (weight.stage !== undefined) {
    const held = weight.end === undefined ? "" : ` for ${duration(weight.end - weight.start)}`;
    return `stage ${weight.stage + 1} of ${stages}${held}`;
  }
  return lane.end === "waits" ? "waits for somebody" : "promoted";
}

function inside(span: Span, place: number): boolean {
  return place >= span.left && (span.end === undefined || place < span.right);
}
