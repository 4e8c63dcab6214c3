// The drawing with its cursor and colours, fitted to the room there is.

import { element } from "../dom";
import type { Plan } from "../policy/plan";
import { subject } from "../wording";
import type { Choice } from "./choice";
import { Cursor } from "./cursor";
import { drawing } from "./drawing";
import { arrange, type Chart, chart, type Lane } from "./lanes";
import { type Entry, legend, take } from "./legend";

/** Below this width, in pixels, a drawing leaves its words to the page. */
const NARROW = 560;
/** The drawing's own: where charts begin and end. */
const CHART = { left: 276, right: 936 };
/** What is seen of it, with and without the words beside the charts. */
const WIDE = { left: 18, right: 944, top: 108 };
const CROPPED = { left: 204, right: 944, top: 84 };
/** Below the axis: its labels. */
const FOOT = 46;

export class Stage {
  readonly parts: HTMLElement[];
  private readonly image: SVGSVGElement;
  private readonly chart: Chart;
  private readonly entries: Entry[];
  private readonly cursor: Cursor;
  private readonly colours = element("ul", { class: "legend", "aria-label": "Colours" });
  private shown: Lane[] = [];

  constructor(plan: Plan, svg: string) {
    const image = drawing(svg);
    for (const attribute of ["width", "height", "role", "aria-labelledby"]) image.removeAttribute(attribute);
    // The slider around it says what it shows.
    image.setAttribute("aria-hidden", "true");
    const slider = element("div", {
      class: "drawing",
      role: "slider",
      tabindex: "0",
      "aria-label": `Weight over time of ${subject(plan)}`,
      "aria-orientation": "horizontal",
    });
    slider.append(image);
    this.image = image;
    this.chart = chart(image);
    this.entries = take(image);
    this.cursor = new Cursor(slider, image, plan);
    this.parts = [slider, this.colours, this.cursor.readout];
  }

  /** Shows the good release and what is chosen, in so many pixels. */
  show(choice: Choice, width: number): void {
    const { lanes } = this.chart;
    const bad = lanes.filter((lane) => !lane.good);
    this.shown = lanes.filter((lane) => lane.good || choice === "all" || lane === bad[choice]);
    this.colours.replaceChildren(...legend(this.entries, this.shown));
    this.fit(width);
  }

  fit(width: number): void {
    const narrow = width > 0 && width < NARROW;
    const { left, right, top } = narrow ? CROPPED : WIDE;
    const bottom = arrange(this.chart, this.shown);
    this.image.classList.toggle("narrow", narrow);
    this.image.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom + FOOT - top}`);
    this.cursor.show(this.shown, { ...CHART, top, bottom });
  }
}
