// A YAML editor in a shadow root, where its style sheets are adopted: no inline style, no nonce.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, codeFolding, foldGutter, foldKeymap, indentOnInput } from "@codemirror/language";
import { type Diagnostic, lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { EditorState, type Text } from "@codemirror/state";
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from "@codemirror/view";

import type { Edit, Place } from "../policy/contract";
import { theme } from "./theme";
import { typeOver } from "./typing";

/** Something to say about a range of the text. */
export interface Remark extends Place {
  severity: "error" | "warning";
  /** What the tooltip shows. */
  content: () => Node;
  message: string;
}

export class Editor {
  private readonly view: EditorView;

  constructor(host: HTMLElement, label: string, onChange: () => void) {
    const root = host.attachShadow({ mode: "open" });
    const extensions = [
      lineNumbers(),
      lintGutter(),
      foldGutter(),
      codeFolding(),
      history(),
      highlightSpecialChars(),
      drawSelection(),
      indentOnInput(),
      bracketMatching(),
      highlightActiveLine(),
      highlightActiveLineGutter(),
      highlightSelectionMatches(),
      yaml(),
      typeOver,
      theme,
      EditorState.tabSize.of(2),
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false", tabindex: "0" }),
      // Tab is not bound: it leaves the editor, as everywhere else on the page.
      keymap.of([...defaultKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...lintKeymap]),
      EditorView.updateListener.of((update) => {
        if (update.docChanged) onChange();
      }),
    ];
    this.view = new EditorView({ root, parent: root, extensions });
  }

  get text(): string {
    return this.view.state.doc.toString();
  }

  /** Replaces the whole text; undo brings the old one back. */
  set text(text: string) {
    if (text === this.text) return;
    this.view.dispatch({
      changes: { from: 0, to: this.view.state.doc.length, insert: text },
      selection: { anchor: 0 },
      scrollIntoView: true,
    });
  }

  remark(remarks: Remark[]): void {
    const doc = this.view.state.doc;
    const diagnostics = remarks.map((remark): Diagnostic => {
      const { from, to } = range(doc, remark);
      const { severity, message } = remark;
      return { from, to, severity, message, renderMessage: remark.content };
    });
    this.view.dispatch(setDiagnostics(this.view.state, diagnostics));
  }

  apply(edits: Edit[]): void {
    const doc = this.view.state.doc;
    const changes = edits.map((edit) => ({ ...range(doc, edit), insert: edit.text }));
    this.view.dispatch({ changes, userEvent: "input.mend" });
    this.view.focus();
  }

  /** Shows and selects a range. */
  reveal(place: Place): void {
    const { from, to } = range(this.view.state.doc, place);
    this.view.dispatch({
      selection: { anchor: from, head: to },
      effects: EditorView.scrollIntoView(from, { y: "center" }),
    });
    this.view.focus();
  }
}

function range(doc: Text, place: Place): { from: number; to: number } {
  const from = offset(doc, place.line, place.column);
  return { from, to: Math.max(from, offset(doc, place.endLine, place.endColumn)) };
}

function offset(doc: Text, line: number, column: number): number {
  const { from, length } = doc.line(Math.min(Math.max(line, 1), doc.lines));
  return from + Math.min(Math.max(column - 1, 0), length);
}
