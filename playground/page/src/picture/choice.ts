// Which bad release is shown beside the good one.

import { element } from "../dom";
import type { Outcome, Plan } from "../policy/plan";
import { badness } from "../wording";

/** Index of an outcome, or all of them. */
export type Choice = number | "all";

const MARKS = { "rolled-back": "✓", promoted: "✗", waits: "‖" };
const WORDS = { "rolled-back": "rolled back", promoted: "promoted", waits: "waits" };

/** The release that ends worst: promoted before waiting before the longest exposure. */
export function worst(plan: Plan): number {
  const rank = (outcome: Outcome) => ["rolled-back", "waits", "promoted"].indexOf(outcome.end);
  const worse = (one: Outcome, other: Outcome) => rank(one) - rank(other) || one.exposure - other.exposure;
  return plan.outcomes.reduce((most, outcome, index, all) => (worse(outcome, all[most]!) > 0 ? index : most), 0);
}

/** A group of switches; `act` is called with what is chosen. */
export function choices(plan: Plan, chosen: Choice, act: (choice: Choice) => void): HTMLElement {
  const option = (choice: Choice, label: string, outcome?: Outcome) => {
    const input = element("input", { type: "radio", name: "signal", value: String(choice) });
    input.checked = choice === chosen;
    input.addEventListener("change", () => act(choice));
    const shown = element("span", { class: "option" }, label);
    if (outcome) {
      input.setAttribute("aria-label", `${label}, ${WORDS[outcome.end]}`);
      shown.prepend(element("span", { class: `mark ${outcome.end}` }, MARKS[outcome.end]));
      shown.title = WORDS[outcome.end];
    }
    return element("label", {}, input, shown);
  };
  const options = plan.outcomes.map((outcome, index) =>
    option(index, badness(plan, outcome).replace(/ alone$/, ""), outcome),
  );
  if (options.length > 1) options.push(option("all", "all releases"));
  return element("fieldset", { class: "choice" }, element("legend", {}, "Bad in"), ...options);
}
