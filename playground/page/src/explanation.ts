// What a rule is for, in a dialog.

import { button, element } from "./dom";
import type { Example, Rule } from "./policy/contract";

export class Explanation {
  private rules = new Map<string, Rule>();

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly load: (example: Pick<Example, "manifests">) => void,
  ) {
    // A click on the backdrop is a click on the dialog itself.
    dialog.addEventListener("click", (event) => {
      if (event.target === dialog) dialog.close();
    });
  }

  know(rules: Rule[]): void {
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
      ...this.manifest("Rejected", rule.bad),
      ...this.manifest("Accepted", rule.good),
    ];
  }

  private parameters(rule: Rule): HTMLElement[] {
    if (rule.parameters.length === 0) return [];
    const rows = rule.parameters.map(({ name, kind, standard, strict, description }) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, element("code", {}, name)),
        ...[kind, JSON.stringify(standard), JSON.stringify(strict), description].map((text) =>
          element("td", {}, text ?? ""),
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

  private manifest(title: string, manifests: string | null): HTMLElement[] {
    if (!manifests) return [];
    const open = button("Open in the editor", () => {
      this.dialog.close();
      this.load({ manifests });
    });
    const code = element("pre", { tabindex: "0", "aria-label": `${title} manifest` }, manifests);
    return [element("details", {}, element("summary", {}, `${title}: an example`), open, code)];
  }
}

function paragraphs(text: string): HTMLElement[] {
  return text.split(/\n\s*\n/).map((paragraph) => element("p", {}, paragraph));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
