// What a rule is for, in a dialog.

import { button, element } from "./dom";
import type { Catalogue, Draft, Example, Rule } from "./policy/contract";

export class Explanation {
  private rules = new Map<string, Rule>();
  private examples: Example[] = [];

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly load: (draft: Draft) => void,
  ) {
    // A click on the backdrop is a click on the dialog itself.
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  know({ rules, examples }: Catalogue): void {
    this.examples = examples;
    this.rules = new Map(rules.map((rule) => [rule.name, rule]));
  }

  show(name: string): void {
    const rule = this.rules.get(name);
    if (!rule) return;
    this.dialog.replaceChildren(...this.content(rule));
    this.dialog.showModal();
    this.dialog.scrollTop = 0;
  }

  private content(rule: Rule): HTMLElement[] {
    const close = button("Close", () => this.dialog.close());
    const title = element("h2", { id: "explanation-title" }, rule.name);
    const levels = `${rule.requirement} · standard: ${rule.standard} · strict: ${rule.strict}`;
    return [
      element("header", {}, title, close),
      element("p", { class: "quiet" }, levels),
      element("p", {}, sentence(rule.summary)),
      element("h3", {}, "Why"),
      ...paragraphs(rule.why),
      element("h3", {}, "How to mend it"),
      ...paragraphs(rule.mend),
      ...this.parameters(rule),
      ...this.example("Rejected", rule.bad),
      ...this.example("Accepted", rule.good),
    ];
  }

  private parameters(rule: Rule): HTMLElement[] {
    if (rule.parameters.length === 0) return [];
    const rows = rule.parameters.map(({ name, takes, standard, strict, meaning }) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, element("code", {}, name)),
        ...[takes, setting(standard), setting(strict), meaning].map((text) =>
          element("td", {}, text),
        ),
      ),
    );
    const heads = ["parameter", "takes", "standard", "strict", "meaning"];
    const head = element("tr", {}, ...heads.map((text) => element("th", { scope: "col" }, text)));
    const table = element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows));
    return [
      element("h3", {}, "Settings"),
      element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Settings of the rule" }, table),
    ];
  }

  private example(title: string, index: number | null): HTMLElement[] {
    const example = index === null ? undefined : this.examples[index];
    if (!example) return [];
    const open = button("Open in the editor", () => {
      this.dialog.close();
      this.load(example);
    });
    const settings = example.settings ? [element("p", {}, `With the settings ${example.settings.trim()}`)] : [];
    const code = element("pre", { tabindex: "0", role: "region", "aria-label": title }, example.manifests);
    return [element("details", {}, element("summary", {}, `${title}: an example`), open, ...settings, code)];
  }
}

function paragraphs(text: string): HTMLElement[] {
  return text.split(/\n\s*\n/).map((paragraph) => element("p", {}, paragraph));
}

function setting(value: unknown): string {
  if (value === null) return "not set";
  return Array.isArray(value) ? value.join(", ") || "none" : String(value);
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
