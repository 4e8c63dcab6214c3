// The releases of a drawing: what is where, and which of them are shown.

/** What lasts from one place of the axis to another: a weight, or an analysis. */
export interface Span {
  left: number;
  right: number;
  start: number;
  /** Nothing for what lasts. */
  end: number | undefined;
  /** Whether a person is waited for in it: then it is longer than its times say. */
  attended: boolean;
  text: string;
}

export interface Weight extends Span {
  weight: number;
  /** Index into the plan's stages; nothing after the last one. */
  stage: number | undefined;
}

/** One release. */
export interface Lane {
  group: SVGGElement;
  /** `good release`, `bad in latency alone`. */
  name: string;
  good: boolean;
  end: string;
  weights: Weight[];
  runs: Span[];
  /** Where the chart begins. */
  top: number;
  /** Where the last analysis ends. */
  bottom: number;
}

/** The part of the drawing that is seen. */
export interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** A drawing, taken apart. */
export interface Chart {
  lanes: Lane[];
  /** All that stands below the last release. */
  axis: SVGGElement;
}

export function chart(svg: SVGSVGElement): Chart {
  const lanes = [...svg.querySelectorAll<SVGGElement>("g.release")].map(lane);
  const axis = document.createElementNS("http://www.w3.org/2000/svg", "g");
  axis.setAttribute("class", "axis");
  const children = [...svg.children];
  const last = children.findLastIndex((child) => child.classList.contains("release"));
  axis.append(...children.slice(last + 1));
  svg.append(axis);
  return { lanes, axis };
}

/** Shows some of the lanes, one below the other and above the axis; says where the axis is now. */
export function arrange({ lanes, axis }: Chart, shown: Lane[]): number {
  const line = number(axis.querySelector("line"), "y1");
  const [first, second] = lanes;
  const last = lanes.at(-1);
  if (!first || !last) return line;
  const gap = second ? second.top - first.bottom : 0;
  let next = first.top;
  for (const lane of lanes) {
    const visible = shown.includes(lane);
    lane.group.setAttribute("display", visible ? "inline" : "none");
    lane.group.setAttribute("transform", `translate(0 ${next - lane.top})`);
    if (visible) next += lane.bottom - lane.top + gap;
  }
  const bottom = next - gap + (line - last.bottom);
  axis.setAttribute("transform", `translate(0 ${bottom - line})`);
  return bottom;
}

function lane(group: SVGGElement): Lane {
  const rects = [...group.querySelectorAll("rect")];
  return {
    group,
    name: group.querySelector("text.kind")?.textContent ?? "",
    good: group.dataset.bad === "",
    end: group.dataset.end ?? "",
    weights: rects.filter((rect) => rect.dataset.weight !== undefined).map(weight),
    runs: rects.filter((rect) => rect.dataset.analysis !== undefined).map(span),
    top: number(group.querySelector("rect.stable"), "y"),
    bottom: Math.max(...rects.map((rect) => number(rect, "y") + number(rect, "height"))),
  };
}

function weight(rect: SVGRectElement): Weight {
  const { weight, stage } = rect.dataset;
  return { ...span(rect), weight: Number(weight), stage: stage === undefined ? undefined : Number(stage) };
}

function span(rect: SVGRectElement): Span {
  const left = number(rect, "x");
  const { start, end } = rect.dataset;
  const text = rect.querySelector("title")?.textContent ?? "";
  return {
    left,
    right: left + number(rect, "width"),
    start: Number(start),
    end: end === undefined ? undefined : Number(end),
    attended: text.endsWith("plus a wait for a person"),
    text,
  };
}

function number(of: Element | null | undefined, attribute: string): number {
  return Number(of?.getAttribute(attribute) ?? 0);
}
