// Profile, enforcement and the level of each rule: controls over the text of the settings.

import { button, element } from "../dom";
import type { Level, Rule } from "../policy/contract";
import { type Chosen, change, chosen, level, type Profile } from "./document";

const LEVELS: Level[] = ["deny", "warn", "off"];

export interface Text {
  text: string;
}

export class SettingsPanel {
  private readonly profile = select("profile", ["standard", "strict"]);
  private readonly enforcement = select("enforcement", ["deny", "warn"]);
  private readonly levels = new Map<string, HTMLSelectElement>();
  private readonly rows = element("div", { class: "rules" });
  private rules: Rule[] = [];

  constructor(
    above: HTMLElement,
    below: HTMLElement,
    private readonly settings: Text,
    private readonly explain: (rule: string) => void,
  ) {
    this.profile.addEventListener("change", () => {
      const value = this.profile.value === "standard" ? undefined : this.profile.value;
      settings.text = change(settings.text, "profile", value);
    });
    this.enforcement.addEventListener("change", () => {
      const value = this.enforcement.value === "deny" ? undefined : this.enforcement.value;
      settings.text = change(settings.text, "enforcement", value);
    });
    above.append(
      element("label", {}, "Profile ", this.profile),
      element("label", {}, "Enforcement ", this.enforcement),
    );
    below.append(element("h2", {}, "Level of each rule"), this.rows);
  }

  /** Makes a row for each rule. */
  offer(rules: Rule[]): void {
    this.rules = rules;
    this.rows.replaceChildren(...rules.map((rule) => this.row(rule)));
    this.update();
  }

  /** Shows what the text says; what cannot be read cannot be changed by controls either. */
  update(): void {
    const now = chosen(this.settings.text);
    for (const control of [this.profile, this.enforcement, ...this.levels.values()]) control.disabled = !now;
    if (now) this.show(now);
  }

  private show(now: Chosen): void {
    this.profile.value = now.profile;
    this.enforcement.value = now.enforcement;
    for (const rule of this.rules) {
      const control = this.levels.get(rule.name);
      if (!control) continue;
      const [first] = control.options;
      if (first) first.textContent = `${standing(rule, now.profile)} (profile)`;
      control.value = now.levels.get(rule.name) ?? "";
    }
  }

  private row(rule: Rule): HTMLElement {
    const control = element("select", { "aria-label": `Level of ${rule.name}` }, element("option", { value: "" }, ""));
    for (const each of LEVELS) control.append(element("option", { value: each }, each));
    control.addEventListener("change", () => {
      const value = LEVELS.find((each) => each === control.value);
      this.settings.text = level(this.settings.text, rule.name, value);
    });
    this.levels.set(rule.name, control);
    const name = button(rule.name, () => this.explain(rule.name), { class: "link", title: rule.summary });
    return element("div", { class: "rule" }, name, control);
  }
}

function standing(rule: Rule, profile: Profile): Level {
  return profile === "strict" ? rule.strict : rule.standard;
}

function select(name: string, values: string[]): HTMLSelectElement {
  return element("select", { name }, ...values.map((value) => element("option", { value }, value)));
}
