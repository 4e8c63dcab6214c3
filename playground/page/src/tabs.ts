// Tabs over two panels.

import { part } from "./dom";

/** Joins tabs and panels of the page by `aria-controls`; gives a function that opens a tab by its id. */
export function tabs(list: HTMLElement): (id: string) => void {
  const all = [...list.querySelectorAll<HTMLElement>("[role=tab]")];
  const open = (chosen: HTMLElement) => {
    for (const tab of all) {
      const selected = tab === chosen;
      tab.setAttribute("aria-selected", String(selected));
      tab.tabIndex = selected ? 0 : -1;
      part(tab.getAttribute("aria-controls") ?? "").hidden = !selected;
    }
  };
  for (const [index, tab] of all.entries()) {
    tab.addEventListener("click", () => open(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const next = step && all[(index + step + all.length) % all.length];
      if (!next) return;
      open(next);
      next.focus();
    });
  }
  return (id) => open(part(id));
}
