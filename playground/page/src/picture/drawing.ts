// The SVG of a plan, put into the page: known elements only, its colours as an adopted style sheet.

import { onTheme } from "../theme";

const ELEMENTS = new Set(["svg", "title", "desc", "defs", "pattern", "g", "rect", "line", "polygon", "text"]);
const OPEN = "<style>";
const CLOSE = "</style>";

let colours: string | undefined;

/** Reads the text of a drawing. Every drawing has the same style: the first one's is taken. */
export function drawing(svg: string): SVGSVGElement {
  // The content security policy allows no style element; texts in the drawing are escaped, so the first one is its own.
  const [open, close] = [svg.indexOf(OPEN), svg.indexOf(CLOSE)];
  if (open < 0 || close < open) throw new Error("the drawing has no style");
  adopt(svg.slice(open + OPEN.length, close));
  const bare = svg.slice(0, open) + svg.slice(close + CLOSE.length);
  const root = new DOMParser().parseFromString(bare, "image/svg+xml").documentElement;
  if (!(root instanceof SVGSVGElement)) throw new Error("the drawing is no SVG");
  for (const node of root.querySelectorAll("*")) {
    if (!ELEMENTS.has(node.localName)) node.remove();
  }
  return document.importNode(root, true);
}

function adopt(style: string): void {
  if (colours === style) return;
  colours = style;
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(style);
  document.adoptedStyleSheets = [sheet];
  const dark = [...sheet.cssRules].filter((rule) => rule instanceof CSSMediaRule);
  onTheme((theme) => {
    for (const rule of dark) rule.media.mediaText = theme === "dark" ? "all" : "not all";
  });
}
