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

/** A document that cannot be read. */
export interface Problem extends Place {
  message: string;
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
  /** Why the settings cannot be used. */
  settings: { message: string; line: number; column: number } | null;
  problems: Problem[];
  verdict: Verdict;
  objects: JudgedObject[];
  findings: Finding[];
  releases: Release[];
  /** References without an object. */
  unresolved: string[];
}

export type Level = "deny" | "warn" | "off";

export interface Parameter {
  name: string;
  kind: string;
  standard: unknown;
  strict: unknown;
  description: string;
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
  bad: string | null;
  good: string | null;
}

export interface Example {
  group: string;
  name: string;
  title: string;
  manifests: string;
  settings?: string;
  /** The verdict it is there to show. */
  verdict?: "accepted" | "rejected";
}

export interface Catalogue {
  version: string;
  rules: Rule[];
  examples: Example[];
}
