// A delivery plan, as `rollgate plan -o json` writes it. Times are seconds without what people take, weights
// percent, exposures percent-minutes.

export interface Plan {
  kind: string;
  namespace: string | null;
  name: string;
  strategy: string;
  stages: Stage[];
  analyses: Analysis[];
  good: Story & { people: number };
  /** A release bad in every signal, then in each required one alone. */
  outcomes: Outcome[];
  unresolved: string[];
}

export interface Stage {
  path: string;
  effectiveWeight: number;
  matching: boolean;
  mirrored: boolean;
  waits: Wait[];
  /** Indices into the analyses. */
  watchedBy: number[];
}

export type Wait =
  | { for: "time"; seconds: number }
  | { for: "analyses"; metrics: string[] }
  | { for: "human"; what: string }
  | { for: "never"; why: string };

export interface Analysis {
  name: string;
}

export type End = "rolled-back" | "promoted" | "waits";

export type Cause =
  | { metric: string; analysis: number; sinceFirstFailing: number }
  | { gate: string; path: string };

export interface Story {
  end: End;
  seconds: number;
  cause: Cause | null;
}

export interface Outcome extends Story {
  bad: string[];
  peakWeight: number;
  exposure: number;
}
