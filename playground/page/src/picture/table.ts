// The numbers of a picture as tables.

import { element } from "../dom";
import type { Plan } from "../policy/plan";
import { badness, because, ending, exposure, hold, percent, share } from "../wording";

export function tables(plan: Plan): HTMLDetailsElement {
  const stages = plan.stages.map((stage, number) => [
    String(number + 1),
    share(stage),
    hold(stage),
    stage.watchedBy.map((analysis) => plan.analyses[analysis]?.name ?? "").join(", ") || "nothing",
  ]);
  const releases = plan.outcomes.map((outcome) => [
    `bad in ${badness(plan, outcome)}`,
    ending(outcome),
    percent(outcome.peakWeight),
    exposure(outcome.exposure),
    because(outcome.cause) || "nothing",
  ]);
  const good = ["good", ending(plan.good), "100 %", "", because(plan.good.cause)];
  return element(
    "details",
    { class: "numbers" },
    element("summary", {}, "The same as tables"),
    table("Stages", ["stage", "weight", "held", "watched by"], stages),
    table("Releases", ["release", "ends", "peak weight", "exposure", "ended by"], [good, ...releases]),
  );
}

function table(caption: string, heads: string[], rows: string[][]): HTMLElement {
  const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
  const body = rows.map(([first = "", ...rest]) =>
    element("tr", {}, element("th", { scope: "row" }, first), ...rest.map((text) => element("td", {}, text))),
  );
  return element(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    element(
      "table",
      {},
      element("caption", {}, caption),
      element("thead", {}, head),
      element("tbody", {}, ...body),
    ),
  );
}
