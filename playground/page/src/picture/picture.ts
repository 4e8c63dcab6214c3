// What becomes of a good and of a bad release.

import { element } from "../dom";
import type { Release } from "../policy/contract";
import type { Plan } from "../policy/plan";
import { badness, because, ending, exposure, percent, subject } from "../wording";
import { type Choice, choices, worst } from "./choice";
import { Cursor } from "./cursor";
import { drawing } from "./drawing";
import { arrange, lanes } from "./lanes";
import { legend, take } from "./legend";
import { tables } from "./table";

/** Below this width, in pixels, a drawing leaves its words to the page. */
const NARROW = 560;
/** The drawing's own: where charts begin and end. */
const CHART = { left: 276, right: 936 };
/** What is seen of it, with and without the words beside the charts. */
const WIDE = { left: 18, right: 944, top: 108 };
const CROPPED = { left: 204, right: 944, top: 84 };
/** Below the axis: its labels. */
const FOOT = 46;

export class Picture {
  private releases: Release[] = [];
  /** The release that was chosen by a person, by its name. */
  private chosen: string | undefined;
  /** In what it is bad; nothing until a person has chosen. */
  private badIn: string | undefined;
  private fit = () => {};

  constructor(
    private readonly host: HTMLElement,
    private readonly hint: HTMLElement,
  ) {
    new ResizeObserver(() => this.fit()).observe(host);
  }

  /** Draws what was read. */
  show(releases: Release[]): void {
    this.stale("");
    this.releases = releases;
    this.draw();
  }

  /** Keeps what was drawn last, and says why it is old; an empty reason makes it new again. */
  stale(reason: string): void {
    const old = reason !== "" && this.releases.length > 0;
    this.host.classList.toggle("stale", old);
    this.hint.textContent = old ? reason : "";
  }

  private draw(): void {
    const release = this.releases.find(({ plan }) => subject(plan) === this.chosen) ?? this.releases[0];
    if (!release) {
      this.fit = () => {};
      const text = "No Rollout and no Canary here: there is no release to play.";
      this.host.replaceChildren(element("p", { class: "empty" }, text));
      return;
    }
    const focused = document.activeElement;
    const kept = focused instanceof HTMLInputElement && this.host.contains(focused) ? focused.value : undefined;
    const slid = focused?.classList.contains("drawing") === true && this.host.contains(focused);
    this.host.replaceChildren(...this.content(release));
    if (kept !== undefined) this.host.querySelector<HTMLElement>(`input[value="${CSS.escape(kept)}"]`)?.focus();
    if (slid) this.host.querySelector<HTMLElement>(".drawing")?.focus();
  }

  private content({ plan, svg }: Release): HTMLElement[] {
    const choice = this.choiceOf(plan);
    const image = drawing(svg);
    image.removeAttribute("width");
    image.removeAttribute("height");
    image.setAttribute("aria-hidden", "true");
    const all = lanes(image);
    const slider = element("div", {
      class: "drawing",
      role: "slider",
      tabindex: "0",
      "aria-label": `Weight over time of ${subject(plan)}`,
      "aria-orientation": "horizontal",
    });
    slider.append(image);
    const cursor = new Cursor(slider, image, plan);
    const first = all.findIndex((lane) => !lane.good);
    const facts = element("dl", { class: "facts" });
    const colours = element("ul", { class: "legend", "aria-label": "Colours" });
    const known = take(image);

    const show = (choice: Choice) => {
      const shown = all.filter((lane, index) => lane.good || choice === "all" || index === first + choice);
      facts.replaceChildren(...factsOf(plan, choice));
      colours.replaceChildren(...legend(known, shown));
      this.fit = () => {
        const narrow = this.host.clientWidth > 0 && this.host.clientWidth < NARROW;
        const { left, right, top } = narrow ? CROPPED : WIDE;
        const bottom = arrange(image, all, (lane) => shown.includes(lane));
        image.classList.toggle("narrow", narrow);
        image.setAttribute("viewBox", `${left} ${top} ${right - left} ${bottom + FOOT - top}`);
        cursor.show(shown, { ...CHART, top, bottom });
      };
      this.fit();
    };
    const select = (choice: Choice) => {
      this.badIn = choice === "all" ? "all" : plan.outcomes[choice]?.bad.join(" ");
      show(choice);
    };
    show(choice);
    const controls = choices(plan, choice, select);
    return [this.heading(plan), controls, facts, slider, colours, cursor.readout, tables(plan)];
  }

  private choiceOf(plan: Plan): Choice {
    if (this.badIn === "all") return "all";
    const index = plan.outcomes.findIndex((outcome) => outcome.bad.join(" ") === this.badIn);
    return index < 0 ? worst(plan) : index;
  }

  private heading(plan: Plan): HTMLElement {
    const strategy = element("span", { class: "quiet" }, plan.strategy);
    if (this.releases.length === 1) {
      return element("p", { class: "subject" }, element("b", {}, subject(plan)), " ", strategy);
    }
    const select = element("select", { id: "release" });
    const names = new Set(this.releases.map((release) => subject(release.plan)));
    for (const name of names) select.append(element("option", { value: name }, name));
    select.value = subject(plan);
    select.addEventListener("change", () => {
      this.chosen = select.value;
      this.draw();
      this.host.querySelector<HTMLElement>("#release")?.focus();
    });
    return element("p", { class: "subject" }, element("label", { for: "release" }, "Release "), select, " ", strategy);
  }
}

function factsOf(plan: Plan, choice: Choice): HTMLElement[] {
  const outcome = choice === "all" ? undefined : plan.outcomes[choice];
  const facts: [string, string, string][] = [["Good release", ending(plan.good), plan.good.end]];
  if (outcome) {
    facts.push(
      [`Bad in ${badness(plan, outcome)}`, ending(outcome), outcome.end === "rolled-back" ? "saved" : "lost"],
      ["Peak weight", percent(outcome.peakWeight), ""],
      ["Exposure", exposure(outcome.exposure), ""],
      [outcome.end === "waits" ? "Held by" : "Found by", because(outcome.cause) || "nothing", "wide"],
    );
  }
  return facts.map(([name, value, kind]) =>
    element("div", { class: `fact ${kind}` }, element("dt", {}, name), element("dd", {}, value)),
  );
}
