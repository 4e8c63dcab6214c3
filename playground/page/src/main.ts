// The page: a draft goes to the policy, its review to all that shows it.

import "./policy/start";

import { part } from "./dom";
import { Editor } from "./editor/editor";
import { offer } from "./examples";
import { Explanation } from "./explanation";
import { type Acts, list, problemRemarks, remarks } from "./findings";
import { Picture } from "./picture/picture";
import { Policy } from "./policy/client";
import type { Catalogue, Draft, Review } from "./policy/contract";
import { SettingsPanel } from "./settings/panel";
import { DamagedLink, decode, encode } from "./share";
import { tabs } from "./tabs";
import { choose, onTheme, theme } from "./theme";
import { VerdictLine } from "./verdict";

const results = part("results");
const notice = part("notice");
const examples = part<HTMLSelectElement>("examples");
const findings = part("findings");

const policy = new Policy({ catalogue: (catalogue) => void introduce(catalogue), review: show, failure: fail });
const manifests = new Editor(part("manifests"), "Manifests", () => edited());
const settings = new Editor(part("settings"), "Settings", () => edited());
const explanation = new Explanation(part("explanation"), load);
const panel = new SettingsPanel(
  part("settings-controls"),
  part("settings-rules"),
  settings,
  (rule) => explanation.show(rule),
);
const picture = new Picture(part("picture"), part("picture-hint"));
const verdict = new VerdictLine(part("verdict"), part("spoken"));
const openTab = tabs(part("tabs"));

const acts: Acts = {
  explain: (rule) => explanation.show(rule),
  reveal(place) {
    openTab("manifests-tab");
    manifests.reveal(place);
  },
  mend(edits) {
    // Places in a text that has changed since are places no more.
    if (shown?.manifests !== manifests.text) return;
    openTab("manifests-tab");
    manifests.apply(edits);
  },
  revealSetting(place) {
    openTab("settings-tab");
    settings.reveal(place);
  },
};

let loading = false;
/** The draft of which the review is shown. */
let shown: Draft | undefined;

function draft(): Draft {
  return { manifests: manifests.text, settings: settings.text };
}

function edited(): void {
  if (loading) return;
  examples.value = "";
  tell("");
  judge();
}

function judge(): void {
  results.setAttribute("aria-busy", "true");
  panel.update();
  policy.judge(draft());
}

function load(next: Draft): void {
  loading = true;
  manifests.text = next.manifests;
  settings.text = next.settings;
  loading = false;
  openTab("manifests-tab");
  judge();
}

async function introduce(catalogue: Catalogue): Promise<void> {
  await followed;
  const [first] = catalogue.examples;
  // A draft may have come by a link, or from a hand quicker than the Wasm.
  const untouched = manifests.text === "" && settings.text === "";
  // The first example is judged while the rest of the page is filled in.
  if (first && untouched) load(first);
  part("version").textContent = catalogue.version;
  explanation.know(catalogue);
  panel.offer(catalogue.rules);
  offer(examples, catalogue.examples, load);
  if (first && untouched) examples.value = "0";
}

function show(review: Review, judged: Draft): void {
  shown = judged;
  verdict.show(review);
  findings.replaceChildren(...list(review, acts));
  if (judged.manifests === manifests.text) manifests.remark(remarks(review, acts));
  if (judged.settings === settings.text) settings.remark(problemRemarks(review.settings));
  if (review.settings.length > 0) {
    picture.keep("The picture before these settings", []);
  } else if (review.problems.length > 0) {
    picture.keep("The last picture that could be read", review.releases);
  } else {
    picture.show(review.releases, review.releasesLeftOut);
  }
  results.setAttribute("aria-busy", "false");
}

function fail(message: string): void {
  verdict.failed(message);
  results.setAttribute("aria-busy", "false");
}

function tell(text: string): void {
  notice.textContent = text;
}

/** Takes the draft of the address, where there is one. */
async function follow(): Promise<void> {
  try {
    const shared = await decode(window.location.hash);
    if (shared) load(shared);
  } catch (error) {
    if (!(error instanceof DamagedLink)) throw error;
    tell(`The link cannot be read: ${error.message}. It is ignored.`);
  }
}

async function share(): Promise<void> {
  try {
    const fragment = await encode(draft());
    window.history.replaceState(null, "", fragment);
    await navigator.clipboard.writeText(window.location.href);
    tell("The link is copied. It holds the manifests and settings; they are sent nowhere.");
  } catch (error) {
    if (error instanceof DamagedLink) tell(`There is no link: ${error.message}.`);
    else tell("The link is in the address bar. It holds the manifests and settings; they are sent nowhere.");
  }
}

part("share").addEventListener("click", () => void share());
part("theme").addEventListener("click", () => choose(theme() === "dark" ? "light" : "dark"));
onTheme((now) => {
  const next = now === "dark" ? "light" : "dark";
  part("theme").textContent = next === "dark" ? "Dark" : "Light";
  part("theme").setAttribute("aria-label", `Change to ${next} colours`);
});
window.addEventListener("hashchange", () => void follow());
const followed = follow();
