// The numbers that count, in a line.

import { element } from "../dom";
import type { Plan } from "../policy/plan";
import { badness, because, count, ending, exposure, percent } from "../wording";
import type { Choice } from "./choice";

export function facts(plan: Plan, choice: Choice): HTMLElement[] {
  const { people } = plan.good;
  const waits = people > 0 ? `, plus ${count(people, "wait")} for a person` : "";
  const parts = [fact("Good release", ending(plan.good) + waits, plan.good.end)];
  const outcome = choice === "all" ? undefined : plan.outcomes[choice];
  if (outcome) {
    const kind = outcome.end === "rolled-back" ? "saved" : "lost";
    parts.push(
      fact(`Bad in ${badness(plan, outcome)}`, ending(outcome), kind),
      fact("Peak weight", percent(outcome.peakWeight)),
      fact("Exposure", exposure(outcome.exposure)),
      fact(outcome.end === "waits" ? "Held by" : "Found by", because(outcome.cause) || "nothing", "cause"),
    );
  }
  return parts;
}

function fact(name: string, value: string, kind = ""): HTMLElement {
  return element("div", { class: `fact ${kind}` }, element("dt", {}, name), element("dd", {}, value));
}
