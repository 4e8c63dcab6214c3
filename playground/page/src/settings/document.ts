// Reading and changing single settings in a text: comments and all else stay as they are.

import { type Document, isMap, isScalar, parseDocument } from "yaml";

import type { Level } from "../policy/contract";

export type Profile = "standard" | "strict";

/** What the controls show of a text; nothing when it cannot be read. */
export interface Chosen {
  profile: Profile;
  enforcement: "deny" | "warn";
  /** Levels of single rules. */
  levels: Map<string, Level>;
}

export function chosen(text: string): Chosen | undefined {
  const document = parse(text);
  if (!document) return undefined;
  const levels = new Map<string, Level>();
  const rules = document.get("rules");
  if (isMap(rules)) {
    for (const { key } of rules.items) {
      const level = levelOf(document, String(isScalar(key) ? key.value : key));
      if (level) levels.set(...level);
    }
  }
  return {
    profile: document.get("profile") === "strict" ? "strict" : "standard",
    enforcement: document.get("enforcement") === "warn" ? "warn" : "deny",
    levels,
  };
}

/** The text with a setting, or without it. A text that cannot be read stays as it is. */
export function change(text: string, key: "profile" | "enforcement", value: string | undefined): string {
  return changed(text, (document) => put(document, [key], value));
}

/** The text with a level for a rule, or without one: then the profile decides. Parameters stay. */
export function level(text: string, rule: string, value: Level | undefined): string {
  return changed(text, (document) => {
    const path = ["rules", rule];
    put(document, isMap(document.getIn(path)) ? [...path, "level"] : path, value);
    for (const outer of [path, ["rules"]]) {
      const map = document.getIn(outer);
      if (isMap(map) && map.items.length === 0) document.deleteIn(outer);
    }
  });
}

function levelOf(document: Document, rule: string): [string, Level] | undefined {
  const path = ["rules", rule];
  const value: unknown = document.getIn(isMap(document.getIn(path)) ? [...path, "level"] : path);
  if (value === false) return [rule, "off"];
  return value === "deny" || value === "warn" || value === "off" ? [rule, value] : undefined;
}

function put(document: Document, path: string[], value: string | undefined): void {
  if (value !== undefined) {
    document.setIn(path, value);
  } else if (document.hasIn(path)) {
    document.deleteIn(path);
  }
}

function changed(text: string, act: (document: Document) => void): string {
  const document = parse(text);
  if (!document) return text;
  act(document);
  const empty = !isMap(document.contents) || document.contents.items.length === 0;
  if (empty && !document.commentBefore && !document.comment) return "";
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function parse(text: string): Document | undefined {
  const document: Document = parseDocument(text);
  if (document.errors.length > 0) return undefined;
  if (document.contents === null || (isScalar(document.contents) && document.contents.value === null)) {
    document.contents = document.createNode({});
  }
  return isMap(document.contents) ? document : undefined;
}
