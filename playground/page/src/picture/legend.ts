// What the colours of a drawing mean: those that are seen.

import { element } from "../dom";
import type { Lane } from "./lanes";

const SVG = "http://www.w3.org/2000/svg";

/** A colour of the drawing and its name there. */
export interface Entry {
  kind: string;
  name: string;
}

/** Takes what the drawing says above its releases out of it: title, subtitle, and pairs of a square and a text. */
export function take(svg: SVGSVGElement): Entry[] {
  const children = [...svg.children];
  const first = children.findIndex((child) => child.classList.contains("release"));
  const above = children.slice(0, first).filter((child) => ["rect", "text"].includes(child.localName));
  const squares = above.filter((child) => child.localName === "rect" && child.hasAttribute("class"));
  const found = squares.map((square) => {
    const name = above.slice(above.indexOf(square)).find((child) => child.localName === "text");
    return { kind: square.getAttribute("class") ?? "", name: name?.textContent ?? "" };
  });
  const paper = (child: Element) => child.classList.contains("paper");
  for (const child of above) if (!paper(child)) child.remove();
  return found.filter(({ kind }) => kind !== "paper");
}

export function legend(all: Entry[], shown: Lane[]): HTMLElement[] {
  const seen = ({ kind }: Entry) => shown.some((lane) => lane.group.querySelector(`rect.${CSS.escape(kind)}`));
  return all.filter(seen).map(({ kind, name }) => {
    const square = document.createElementNS(SVG, "rect");
    for (const [attribute, value] of Object.entries({ class: kind, x: 1, y: 1, width: 10, height: 10, rx: 2 })) {
      square.setAttribute(attribute, String(value));
    }
    const sign = document.createElementNS(SVG, "svg");
    sign.setAttribute("class", "rollgate");
    sign.setAttribute("viewBox", "0 0 12 12");
    sign.setAttribute("aria-hidden", "true");
    sign.append(square);
    return element("li", {}, sign, name);
  });
}
