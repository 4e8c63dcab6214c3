// What becomes of a good and of a bad release.

import { element } from "../dom";
import type { Release } from "../policy/contract";
import type { Plan } from "../policy/plan";
import { subject } from "../wording";
import { type Choice, choices, worst } from "./choice";
import { facts } from "./facts";
import { Stage } from "./stage";
import { tables } from "./table";

export class Picture {
  private releases: Release[] = [];
  private stage: Stage | undefined;
  /** The release that was chosen by a person, by its name. */
  private chosen: string | undefined;
  /** In what it is bad; nothing until a person has chosen. */
  private badIn: string | undefined;
  private tablesOpen = false;

  constructor(
    private readonly host: HTMLElement,
    private readonly hint: HTMLElement,
  ) {
    new ResizeObserver(() => this.stage?.fit(host.clientWidth)).observe(host);
  }

  /** Draws releases, and says how many more there are; what is drawn already stays. */
  show(releases: Release[], more = 0): void {
    this.mark(false, more > 0 ? `${more} more are judged, and not drawn` : "");
    const drawings = (of: Release[]) => of.map(({ svg }) => svg).join();
    if (this.host.hasChildNodes() && drawings(releases) === drawings(this.releases)) return;
    this.releases = releases;
    this.draw();
  }

  /** Keeps what was drawn last, and says why it is old; without any, draws what there is. */
  keep(reason: string, releases: Release[]): void {
    if (this.releases.length === 0) this.show(releases);
    else this.mark(true, reason);
  }

  private mark(old: boolean, hint: string): void {
    this.host.classList.toggle("stale", old);
    this.hint.textContent = hint;
  }

  private draw(): void {
    const release = this.releases.find(({ plan }) => subject(plan) === this.chosen) ?? this.releases[0];
    if (release) {
      this.refocused(() => this.host.replaceChildren(...this.content(release)));
      return;
    }
    this.stage = undefined;
    const text = "No Rollout and no Canary here: there is no release to play.";
    this.host.replaceChildren(element("p", { class: "empty" }, text));
  }

  private content({ plan, svg }: Release): HTMLElement[] {
    const stage = new Stage(plan, svg);
    const numbers = element("dl", { class: "facts" });
    const show = (choice: Choice) => {
      stage.show(choice, this.host.clientWidth);
      numbers.replaceChildren(...facts(plan, choice));
    };
    const choice = this.choiceOf(plan);
    const controls = choices(plan, choice, (next) => {
      this.badIn = next === "all" ? "all" : plan.outcomes[next]?.bad.join(" ");
      show(next);
    });
    const table = tables(plan);
    table.open = this.tablesOpen;
    table.addEventListener("toggle", () => (this.tablesOpen = table.open));
    this.stage = stage;
    show(choice);
    return [this.heading(plan), controls, numbers, ...stage.parts, table];
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
    for (const name of new Set(this.releases.map((release) => subject(release.plan)))) {
      select.append(element("option", { value: name }, name));
    }
    select.value = subject(plan);
    select.addEventListener("change", () => {
      this.chosen = select.value;
      this.draw();
    });
    return element("p", { class: "subject" }, element("label", { for: "release" }, "Release "), select, " ", strategy);
  }

  /** Draws anew, and gives the focus back to the part that had it. */
  private refocused(draw: () => void): void {
    const parts = () => [...this.host.querySelectorAll<HTMLElement>("select, input, [tabindex], summary")];
    const had = parts().findIndex((part) => part === document.activeElement);
    draw();
    if (had >= 0) parts()[had]?.focus();
  }
}
