// Releases to begin with.

import { element } from "./dom";
import type { Example } from "./policy/contract";

/** Fills the list; `load` is called with what is picked. */
export function offer(list: HTMLSelectElement, examples: Example[], load: (example: Example) => void): void {
  const groups = new Map<string, HTMLOptGroupElement>();
  examples.forEach((example, index) => {
    const group = groups.get(example.group) ?? element("optgroup", { label: example.group });
    groups.set(example.group, group);
    const title = example.title || example.name;
    const label = example.verdict ? `${title} (${example.verdict})` : title;
    group.append(element("option", { value: String(index) }, label));
  });
  list.replaceChildren(element("option", { value: "" }, "Pick an example"), ...groups.values());
  list.addEventListener("change", () => {
    const example = examples[Number(list.value)];
    if (list.value !== "" && example) load(example);
  });
}
