// Releases to begin with.

import { element } from "./dom";
import type { Example } from "./policy/contract";

/** Fills the list; `load` is called with what is picked. */
export function offer(list: HTMLSelectElement, examples: Example[], load: (example: Example) => void): void {
  const groups = new Map<string, HTMLOptGroupElement>();
  examples.forEach((example, index) => {
    const group = groups.get(example.group) ?? element("optgroup", { label: example.group });
    groups.set(example.group, group);
    group.append(element("option", { value: String(index) }, `${title(example)} (${example.verdict})`));
  });
  list.replaceChildren(element("option", { value: "" }, "Pick an example"), ...groups.values());
  list.addEventListener("change", () => {
    const example = examples[Number(list.value)];
    if (list.value !== "" && example) load(example);
  });
}

/** Its first sentence; for a rule's, which rule and what of it: `gradual-exposure: rise`. */
function title({ group, name, title }: Example): string {
  const parts = /^(.*)\/(?:accepted|rejected)-(.*)$/.exec(name);
  if (group === "Rules" && parts) return `${parts[1]}: ${parts[2]?.replaceAll("-", " ")}`;
  return title.replace(/\.$/, "");
}
