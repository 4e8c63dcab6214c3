// Typing over a selection.

import { EditorView } from "@codemirror/view";

/**
 * Replaces a selection by what is typed. Left to the browser, it carries the look of the old text over in a style
 * attribute, which the content security policy forbids, before the editor takes it out again.
 */
export const typeOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { inputType, data } = event;
    if (inputType !== "insertText" || !data || view.composing || view.state.selection.main.empty) return false;
    view.dispatch(view.state.replaceSelection(data), { userEvent: "input.type", scrollIntoView: true });
    event.preventDefault();
    return true;
  },
});
