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

/** When it is at a place. While a person is waited for there is no time to tell, only between which ones. */
export function whenAt(shown: Lane[], place: number): string {
  const spans = shown.flatMap(({ weights }) => weights.filter((span) => inside(span, place)));
  const span = spans.find((each) => !each.attended || each.left === place) ?? spans[0];
  if (!span) return "";
  if (span.end === undefined || span.left === place) return `after ${duration(span.start)}`;
  if (span.attended) return `between ${duration(span.start)} and ${duration(span.end)}, and what a person takes`;
  const share = (place - span.left) / (span.right - span.left);
  return `after ${duration(span.start + share * (span.end - span.start))}`;
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
