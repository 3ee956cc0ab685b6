// The editor of the web page: CodeMirror with the judge's languages. And the EventSource that can send a key.

import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { HighlightStyle, StreamLanguage, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { c, cpp, java } from "@codemirror/legacy-modes/mode/clike";
import { go } from "@codemirror/legacy-modes/mode/go";
import { javascript } from "@codemirror/legacy-modes/mode/javascript";
import { python } from "@codemirror/legacy-modes/mode/python";
import { rust } from "@codemirror/legacy-modes/mode/rust";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export { EventSource } from "eventsource";

const MODES = { python, pypy: python, cpp17: cpp, cpp20: cpp, cpp23: cpp, c, java, javascript, go, rust };

const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.modifier, tags.definitionKeyword], color: "var(--blue)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--green)" },
  { tag: [tags.number, tags.bool, tags.atom, tags.null], color: "var(--amber)" },
  { tag: [tags.comment, tags.meta], color: "var(--soft)" },
]);

const look = EditorView.theme({
  "&": { backgroundColor: "var(--paper)", color: "var(--ink)" },
  ".cm-scroller": { fontFamily: "inherit", minHeight: "16rem", maxHeight: "60vh" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--soft)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--link) 6%, transparent)" },
  "&.cm-focused": { outline: "2px solid var(--link)", outlineOffset: "-2px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--link) 25%, transparent) !important" },
});

/** An editor in `parent`. `submit` is called at Ctrl+Enter, `changed` when its text has changed. `nonce`: of the page's styles. */
export function makeEditor(parent, { text, language, nonce, submit, changed }) {
  const mode = new Compartment();
  const modeOf = (name) => (MODES[name] ? StreamLanguage.define(MODES[name]) : []);
  const run = () => {
    submit();
    return true;
  };
  const extensions = [
    lineNumbers(),
    history(),
    drawSelection(),
    highlightActiveLine(),
    bracketMatching(),
    indentOnInput(),
    indentUnit.of("    "),
    syntaxHighlighting(colours),
    mode.of(modeOf(language)),
    look,
    Prec.highest(keymap.of([{ key: "Mod-Enter", run }])),
    keymap.of([indentWithTab, ...defaultKeymap, ...historyKeymap]),
    EditorView.contentAttributes.of({ "aria-label": "Program", spellcheck: "false", tabindex: "0" }),
    EditorView.updateListener.of((update) => update.docChanged && changed()),
    EditorView.cspNonce.of(nonce),
  ];
  const view = new EditorView({ parent, state: EditorState.create({ doc: text, extensions }) });
  return {
    text: () => view.state.doc.toString(),
    setText: (fresh) => view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: fresh } }),
    setLanguage: (name) => view.dispatch({ effects: mode.reconfigure(modeOf(name)) }),
    destroy: () => view.destroy(),
  };
}
