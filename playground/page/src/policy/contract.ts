// What the policy is asked, and what it answers. Lines and columns begin at 1; a column counts UTF-16 code units.

import type { Plan } from "./plan";

/** What is judged. */
export interface Draft {
  manifests: string;
  /** YAML; empty for the defaults. */
  settings: string;
}

/** A range of a text; its end is the first place after it. */
export interface Place {
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
}

/** A document, or a setting, that cannot be used. */
export interface Problem extends Place {
  message: string;
  mend: string;
}

export interface Edit extends Place {
  text: string;
}

export type Verdict = "accepted" | "rejected" | "unread" | "nothing";

export interface JudgedObject {
  kind: string;
  apiVersion: string;
  namespace: string | null;
  name: string;
  line: number;
  verdict: "accepted" | "rejected";
  exemption: { rules: string[]; summary: string } | null;
}

export interface Finding extends Place {
  rule: string;
  requirement: string;
  level: "deny" | "warn";
  /** Index into the objects. */
  object: number;
  message: string;
  mend: string;
  path: string;
  fix: Edit[] | null;
}

export interface Release {
  /** Index into the objects. */
  object: number;
  plan: Plan;
  svg: string;
}

export interface Review {
  /** Why the settings cannot be used; then nothing is judged. */
  settings: Problem[];
  problems: Problem[];
  /** Of the objects that could be read. */
  verdict: Verdict;
  objects: JudgedObject[];
  findings: Finding[];
  releases: Release[];
  /** How many more releases there are. */
  releasesLeftOut: number;
  /** References without an object. */
  unresolved: string[];
}

export type Level = "deny" | "warn" | "off";

export interface Parameter {
  name: string;
  takes: string;
  standard: unknown;
  strict: unknown;
  meaning: string;
}

export interface Rule {
  name: string;
  requirement: string;
  summary: string;
  standard: Level;
  strict: Level;
  parameters: Parameter[];
  why: string;
  mend: string;
  /** Indices into the examples; none for what only a request can break. */
  bad: number | null;
  good: number | null;
}

export interface Example {
  group: string;
  name: string;
  title: string;
  manifests: string;
  /** YAML; empty for the defaults. */
  settings: string;
  /** The verdict it is there to show. */
  verdict: "accepted" | "rejected";
}

export interface Catalogue {
  version: string;
  rules: Rule[];
  examples: Example[];
}
