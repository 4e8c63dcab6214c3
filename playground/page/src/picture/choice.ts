// Which bad release is shown beside the good one.

import { element } from "../dom";
import type { Outcome, Plan } from "../policy/plan";
import { badness } from "../wording";

/** Index of an outcome, or all of them. */
export type Choice = number | "all";

const MARKS = { "rolled-back": "✓", promoted: "✗", waits: "‖" };

/** The release that ends worst: promoted before waiting before the longest exposure. */
export function worst(plan: Plan): number {
  const rank = (outcome: Outcome) => ["rolled-back", "waits", "promoted"].indexOf(outcome.end);
  const worse = (one: Outcome, other: Outcome) => rank(one) - rank(other) || one.exposure - other.exposure;
  return plan.outcomes.reduce((most, outcome, index, all) => (worse(outcome, all[most]!) > 0 ? index : most), 0);
}

/** A group of switches; `act` is called with what is chosen. */
export function choices(plan: Plan, chosen: Choice, act: (choice: Choice) => void): HTMLElement {
  const options: [Choice, string, string][] = plan.outcomes.map((outcome, index) => [
    index,
    badness(plan, outcome).replace(/ alone$/, ""),
    outcome.end,
  ]);
  if (plan.outcomes.length > 1) options.push(["all", "all releases", ""]);
  const inputs = options.map(([choice, label, end]) => {
    const input = element("input", { type: "radio", name: "signal", value: String(choice) });
    input.checked = choice === chosen;
    input.addEventListener("change", () => act(choice));
    const mark = MARKS[end as keyof typeof MARKS];
    const sign = mark ? [element("span", { class: `mark ${end}`, title: end.replace("-", " ") }, mark)] : [];
    return element("label", {}, input, element("span", { class: "option" }, ...sign, label));
  });
  return element("fieldset", { class: "choice" }, element("legend", {}, "Bad in"), ...inputs);
}
