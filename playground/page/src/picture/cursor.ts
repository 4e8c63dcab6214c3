// A line over the drawing that says what happens where it stands: moved by pointer or by keys. It stays where it was
// left, so that nothing below it moves while somebody goes there.

import { element } from "../dom";
import type { Plan } from "../policy/plan";
import type { Frame, Lane } from "./lanes";
import { moments, stateAt, whenAt } from "./moment";

const HELP = "Point at the picture, or use the arrow keys on it, to read its numbers.";

export class Cursor {
  readonly readout = element("div", { class: "readout" });
  private readonly line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  private place: number | undefined;
  private shown: Lane[] = [];
  private frame: Frame = { left: 0, right: 0, top: 0, bottom: 0 };

  constructor(
    private readonly host: HTMLElement,
    private readonly svg: SVGSVGElement,
    private readonly plan: Plan,
  ) {
    this.line.setAttribute("class", "cursor");
    svg.append(this.line);
    host.addEventListener("keydown", (event) => this.key(event));
    svg.addEventListener("pointermove", (event) => this.point(event));
    svg.addEventListener("pointerdown", (event) => this.point(event));
  }

  /** Tells what can be seen now. */
  show(shown: Lane[], frame: Frame): void {
    this.shown = shown;
    this.frame = frame;
    this.line.setAttribute("y1", String((shown[0]?.top ?? frame.top) - 6));
    this.line.setAttribute("y2", String(frame.bottom));
    this.host.setAttribute("aria-valuemin", "1");
    this.host.setAttribute("aria-valuemax", String(Math.max(moments(shown).length, 1)));
    this.move(this.place);
  }

  private key(event: KeyboardEvent): void {
    const places = moments(this.shown);
    const at = places.findLastIndex((place) => place <= (this.place ?? -1) + 1e-6);
    const next = { ArrowRight: at + 1, ArrowUp: at + 1, ArrowLeft: at - 1, ArrowDown: at - 1, Home: 0 }[event.key];
    if (event.key === "Escape") this.move(undefined);
    const target = event.key === "End" ? places.length - 1 : next;
    if (target === undefined) return;
    event.preventDefault();
    this.move(places[Math.min(Math.max(target, 0), places.length - 1)]);
  }

  private point(event: PointerEvent): void {
    const matrix = this.svg.getScreenCTM();
    if (!matrix) return;
    const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse()).x;
    const { left, right } = this.frame;
    this.move(place < left ? undefined : Math.min(place, right));
  }

  private move(place: number | undefined): void {
    this.place = place;
    this.line.setAttribute("visibility", place === undefined ? "hidden" : "visible");
    const value = place === undefined ? 0 : moments(this.shown).findLastIndex((each) => each <= place + 1e-6);
    this.host.setAttribute("aria-valuenow", String(Math.max(value, 0) + 1));
    if (place === undefined) {
      this.host.setAttribute("aria-valuetext", HELP);
      this.readout.replaceChildren(element("p", { class: "quiet" }, HELP));
      return;
    }
    this.line.setAttribute("x1", String(place));
    this.line.setAttribute("x2", String(place));
    const when = whenAt(this.shown, place);
    const states = this.shown.map((lane): [string, string] => [
      lane.name,
      stateAt(lane, place, this.plan.stages.length),
    ]);
    this.readout.replaceChildren(
      element("p", { class: "when" }, when),
      ...states.map(([name, state]) => element("p", {}, element("b", {}, name), ` ${state}`)),
    );
    this.host.setAttribute("aria-valuetext", [when, ...states.map((each) => each.join(": "))].join("; "));
  }
}
