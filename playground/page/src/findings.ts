// What was found, where, and how it is mended: as a list, and as remarks in the editor.

import { button, element } from "./dom";
import type { Remark } from "./editor/editor";
import type { Edit, Finding, Place, Review } from "./policy/contract";
import { subject } from "./wording";

export interface Acts {
  explain(rule: string): void;
  reveal(place: Place): void;
  mend(edits: Edit[]): void;
  showSettings(): void;
}

/** The most entries of a list; the first ones are mended first anyway. */
const MOST = 200;

export function list(review: Review, acts: Acts): Node[] {
  const entries: HTMLElement[] = [];
  if (review.settings) {
    const { message, line } = review.settings;
    const where = button(`Settings, line ${line}`, () => acts.showSettings(), { class: "link place" });
    entries.push(entry("deny", "settings", [element("p", {}, message)], where));
  }
  for (const problem of review.problems) {
    entries.push(entry("deny", "unread", [element("p", {}, problem.message)], placed(problem, "", acts)));
  }
  for (const finding of review.findings) {
    const object = review.objects[finding.object];
    const place = placed(finding, object ? subject(object) : "", acts);
    entries.push(entry(finding.level, finding.level, body(finding, acts), place));
  }
  for (const reference of review.unresolved) {
    entries.push(entry("note", "missing", [element("p", {}, `${reference} is not among these manifests`)]));
  }
  if (entries.length === 0) return [element("p", { class: "empty" }, "Nothing was found.")];
  const more = entries.length > MOST ? [element("p", { class: "empty" }, `${entries.length - MOST} more`)] : [];
  return [element("ol", { class: "entries" }, ...entries.slice(0, MOST)), ...more];
}

export function remarks(review: Review, acts: Acts): Remark[] {
  const problems = review.problems.map((problem): Remark => {
    const { message } = problem;
    return { ...problem, severity: "error", message, content: () => element("p", {}, message) };
  });
  const findings = review.findings.map((finding): Remark => {
    const { rule, message, mend } = finding;
    return {
      ...finding,
      severity: finding.level === "deny" ? "error" : "warning",
      message: `${rule}: ${message}; mend: ${mend}`,
      content: () => element("div", {}, ...body(finding, acts)),
    };
  });
  return [...problems, ...findings].slice(0, MOST);
}

function body(finding: Finding, acts: Acts): HTMLElement[] {
  const { rule, requirement, message, mend, fix } = finding;
  const title = button(rule, () => acts.explain(rule), { class: "link name", title: "What this rule is for" });
  const parts: HTMLElement[] = [
    element("p", { class: "rule" }, title, " ", element("span", { class: "quiet" }, requirement)),
    element("p", {}, message),
    element("p", { class: "mend" }, element("b", {}, "Mend: "), mend),
  ];
  if (fix) parts.push(button("Apply the mend", () => acts.mend(fix), { class: "small" }));
  return parts;
}

function placed(place: Place, object: string, acts: Acts): HTMLElement {
  const text = `${object ? `${object}, ` : ""}line ${place.line}`;
  return button(text, () => acts.reveal(place), { class: "link place" });
}

function entry(kind: string, badge: string, content: HTMLElement[], place?: HTMLElement): HTMLElement {
  const head = element("span", { class: `badge ${kind}` }, badge);
  return element("li", { class: kind }, head, element("div", {}, ...content, ...(place ? [place] : [])));
}
