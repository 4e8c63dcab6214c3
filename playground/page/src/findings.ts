// What was found, where, and how it is mended: as a list, and as remarks in the editor.

import { button, element } from "./dom";
import type { Remark } from "./editor/editor";
import type { Edit, Finding, Place, Problem, Review } from "./policy/contract";
import { subject } from "./wording";

export interface Acts {
  explain(rule: string): void;
  reveal(place: Place): void;
  mend(edits: Edit[]): void;
  revealSetting(place: Place): void;
}

/** The most entries of a list; the first ones are mended first anyway. */
const MOST = 200;
const PLACE = { class: "link place" };

export function list(review: Review, acts: Acts): Node[] {
  const entries: (() => HTMLElement)[] = [
    ...review.settings.map((problem) => () => {
      const where = button(`settings, line ${problem.line}`, () => acts.revealSetting(problem), PLACE);
      return entry("deny", "unread", problemBody(problem), where);
    }),
    ...review.problems.map((problem) => () => {
      return entry("deny", "unread", problemBody(problem), placed(problem, "", acts));
    }),
    ...review.findings.map((finding) => () => {
      const object = review.objects[finding.object];
      const place = placed(finding, object ? subject(object) : "", acts);
      return entry(finding.level, finding.level, body(finding, acts), place);
    }),
    ...review.objects.flatMap((object) => {
      const summary = object.exemption?.summary;
      return summary ? [() => note("exempt", `${subject(object)}: ${summary}`)] : [];
    }),
    ...review.unresolved.map((reference) => () => note("missing", `${reference} is not among these manifests`)),
  ];
  if (entries.length === 0) return [element("p", { class: "empty" }, "Nothing was found.")];
  const more = entries.length > MOST ? [element("p", { class: "empty" }, `and ${entries.length - MOST} more`)] : [];
  return [element("ol", { class: "entries" }, ...entries.slice(0, MOST).map((make) => make())), ...more];
}

/** What is remarked in the editor of the manifests. */
export function remarks(review: Review, acts: Acts): Remark[] {
  const findings = review.findings.map((finding): Remark => {
    const { rule, message, mend } = finding;
    return {
      ...finding,
      severity: finding.level === "deny" ? "error" : "warning",
      message: `${rule}: ${message}; mend: ${mend}`,
      content: () => element("div", {}, ...body(finding, acts)),
    };
  });
  return [...problemRemarks(review.problems), ...findings].slice(0, MOST);
}

export function problemRemarks(problems: Problem[]): Remark[] {
  return problems.slice(0, MOST).map((problem) => ({
    ...problem,
    severity: "error",
    content: () => element("div", {}, ...problemBody(problem)),
  }));
}

function problemBody({ message, mend }: Problem): HTMLElement[] {
  return [element("p", { class: "message" }, message), ...mending(mend)];
}

function mending(mend: string): HTMLElement[] {
  return mend ? [element("p", { class: "mend" }, element("b", {}, "Mend: "), mend)] : [];
}

function body(finding: Finding, acts: Acts): HTMLElement[] {
  const { rule, requirement, message, mend, fix } = finding;
  const title = button(rule, () => acts.explain(rule), { class: "link name", title: "What this rule is for" });
  const parts: HTMLElement[] = [
    element("p", { class: "rule" }, title, " ", element("span", { class: "quiet" }, requirement)),
    element("p", { class: "message" }, message),
    ...mending(mend),
  ];
  if (fix) parts.push(button("Apply the mend", () => acts.mend(fix), { class: "small" }));
  return parts;
}

function placed(place: Place, object: string, acts: Acts): HTMLElement {
  const text = `${object ? `${object}, ` : ""}line ${place.line}`;
  return button(text, () => acts.reveal(place), PLACE);
}

function note(badge: string, text: string): HTMLElement {
  return entry("note", badge, [element("p", {}, text)]);
}

function entry(kind: string, badge: string, content: HTMLElement[], place?: HTMLElement): HTMLElement {
  const head = element("span", { class: `badge ${kind}` }, badge);
  return element("li", { class: kind }, head, element("div", {}, ...content, ...(place ? [place] : [])));
}
