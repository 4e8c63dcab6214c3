// The verdict on one line, and read aloud once typing rests.

import { element } from "./dom";
import type { Review } from "./policy/contract";
import { count } from "./wording";

/** How long typing rests before a screen reader is told, in milliseconds. */
const REST = 700;

export class VerdictLine {
  private timer = 0;

  constructor(
    private readonly line: HTMLElement,
    private readonly spoken: HTMLElement,
  ) {}

  show(review: Review): void {
    const [state, word, detail] = describe(review);
    this.line.dataset.verdict = state;
    this.line.replaceChildren(
      element("strong", {}, word),
      element("span", { class: "quiet" }, detail),
    );
    this.say(`${word}. ${detail}`);
  }

  failed(message: string): void {
    this.line.dataset.verdict = "failed";
    const text = `The policy gave no answer: ${message}. The next change asks it again.`;
    this.line.replaceChildren(element("strong", {}, "No verdict"), element("span", { class: "quiet" }, text));
    this.say(text);
  }

  /** Says it after a rest; the same words again are not said twice. */
  private say(text: string): void {
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.spoken.textContent !== text) this.spoken.textContent = text;
    }, REST);
  }
}

function describe(review: Review): [state: string, word: string, detail: string] {
  if (review.settings.length > 0) {
    return ["unread", "Settings cannot be used", `${count(review.settings.length, "problem")}, nothing was judged`];
  }
  const denials = review.findings.filter((finding) => finding.level === "deny").length;
  const warnings = review.findings.length - denials;
  const unread = review.problems.length;
  const parts = [
    ...(unread ? [`${count(unread, "document")} cannot be read`] : []),
    ...(denials ? [count(denials, "denial")] : []),
    ...(warnings ? [count(warnings, "warning")] : []),
  ];
  const detail = [count(review.objects.length, "object"), ...(parts.length ? parts : ["no findings"])].join(", ");
  if (review.verdict === "rejected") return ["rejected", "Rejected", detail];
  // What cannot be read may be what would be rejected.
  if (unread) return ["unread", "Cannot be read", detail];
  if (review.verdict === "accepted") return ["accepted", "Accepted", detail];
  return ["nothing", "Nothing to judge", "no Rollout, no Canary and no workload"];
}
