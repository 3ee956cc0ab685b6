// Choose a problem or give tests, write a program, submit, and watch.

import { Refused, call, watch } from "./api.js";
import { field, h } from "./dom.js";
import { packed, unpacked } from "./links.js";
import { ResultPanel } from "./result.js";
import { makeEditor } from "./vendor/editor.js";

const DRAFT = "tierline-draft";
const FIRST = {
  kind: "stored",
  problem: "two-sum",
  language: "python",
  source: "n, t, *a = map(int, open(0).read().split())\nfor i in range(n):\n  for j in range(i):\n    if a[i] + a[j] == t: print(j + 1, i + 1)\n",
};
const EMPTY_PROBLEM = { time_limit_s: 1, tests: [{ input: "1 2\n", output: "3\n" }] };

export function judgeView({ submission, failed }) {
  const form = new Form();
  const panel = new ResultPanel();
  let stop = () => {};

  async function submit() {
    if (form.isBusy) return; // Ctrl+Enter, twice
    form.error("");
    try {
      const asked = form.asked();
      form.busy(true);
      const idempotency_key = random(); // with one, the judging goes on when this page is left
      const { id } = await call("/v1/submissions", { method: "POST", body: { ...asked, idempotency_key, details: true } });
      const kept = await packed(asked);
      const hash = `#/result/${id}${kept ? `?p=${kept}` : ""}`;
      window.history.pushState(null, "", hash);
      form.link(hash, kept !== null);
      await follow(id, asked);
    } catch (error) {
      if (error instanceof Refused && error.status !== 401 && error.status !== 503) form.error([error.message, ...error.fields].join("\n"));
      else if (error instanceof BadForm) form.error(error.message);
      else failed(error);
    } finally {
      form.busy(false);
    }
  }

  async function follow(id, asked) {
    stop();
    panel.start(await form.limits(asked).catch(() => ({})));
    stop = watch(id, {
      event: (kind, data) => panel.event(kind, data),
      lost: () => panel.say("waiting", "The judge does not answer. Trying again…"),
      gone: () => panel.say("unknown", "The judge no longer has this result: it keeps results for a while, or was started anew. Submit again to judge the program of this link."),
    });
  }

  async function open() {
    await form.fill();
    if (!submission) return;
    const asked = submission.packed ? await unpacked(submission.packed) : null;
    if (asked) form.put(asked);
    form.link(location.hash, asked !== null);
    await follow(submission.id, asked ?? {});
  }

  form.onsubmit = submit;
  open().catch(failed);
  const again = () => form.fill().catch(failed);
  window.addEventListener("judge-is-back", again);
  return {
    element: h("div", { class: "judge" }, h("h1", { class: "unseen" }, "Judge a program"), form.element, panel.element),
    leave: () => {
      stop();
      form.leave();
      window.removeEventListener("judge-is-back", again);
    },
  };
}

class BadForm extends Error {}

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");

class Form {
  constructor() {
    const draft = read();
    this.onsubmit = () => {};
    this.languages = [];
    this.problem = h("input", { id: "problem", list: "problem-ids", value: draft.problem, autocomplete: "off", spellcheck: "false", onchange: () => this.describe() });
    this.about = h("details", { class: "statement", hidden: true });
    this.json = h("textarea", { id: "problem-json", rows: "10", spellcheck: "false" });
    this.json.value = JSON.stringify(EMPTY_PROBLEM, null, 2);
    this.rows = h("div", { class: "rows" });
    this.timeLimit = h("input", { id: "own-time", type: "number", min: "0.01", step: "any", value: "1" });
    this.addRow("1 2\n", "3\n");
    this.parts = {
      stored: h("div", {}, field("Problem", this.problem), this.about),
      own: h(
        "div",
        { hidden: true },
        this.rows,
        h("button", { type: "button", onclick: () => this.addRow("", "").focus() }, "Add a test"),
        field("Time limit of a test, seconds of CPU", this.timeLimit),
      ),
      json: h("div", { hidden: true }, field("Problem as JSON: what PUT /v1/problems/ID takes", this.json)),
    };
    this.kinds = ["stored", "own", "json"].map((kind) => h("input", { type: "radio", name: "kind", id: `kind-${kind}`, value: kind, onchange: () => this.choose(kind) }));
    const names = { stored: "Stored problem", own: "My tests", json: "Problem as JSON" };
    this.language = h("select", { id: "language", onchange: () => this.editor.setLanguage(this.language.value) }, h("option", { value: draft.language }, draft.language));
    this.coverage = h("input", { id: "coverage", type: "number", min: "0.01", max: "1", step: "any", value: "1" });
    this.all = h("input", { id: "all-tests", type: "checkbox", checked: true });
    this.button = h("button", { type: "submit", class: "first" }, "Submit");
    this.shareable = h("span", { class: "soft" });
    this.patience = h("span", { class: "soft" });
    this.complaint = h("p", { class: "complaint", role: "alert" });
    const holder = h("div", { class: "editor" });
    this.editor = makeEditor(holder, {
      text: draft.source,
      language: draft.language,
      nonce: document.querySelector("meta[name=style-nonce]").content,
      submit: () => this.onsubmit(),
      changed: () => this.save(),
    });
    this.element = h(
      "form",
      {
        class: "form",
        "aria-label": "Submission",
        onsubmit: (event) => {
          event.preventDefault();
          this.onsubmit();
        },
      },
      h(
        "fieldset",
        {},
        h("legend", {}, "Against"),
        h("div", { class: "kinds" }, this.kinds.map((radio) => h("label", { for: radio.id }, radio, ` ${names[radio.value]}`))),
        Object.values(this.parts),
      ),
      h("div", { class: "bar" }, field("Language", this.language), field("Coverage", this.coverage), h("label", { class: "check", for: "all-tests" }, this.all, " go on after a failure")),
      holder,
      h("p", { class: "soft hint" }, "Ctrl+Enter submits. Tab indents; to leave the editor by keyboard press Escape, then Tab."),
      h("div", { class: "bar" }, this.button, this.patience, this.shareable),
      this.complaint,
    );
    this.choose(draft.kind ?? "stored");
  }

  /** What the judge knows: languages, and the problem that is named. */
  async fill() {
    this.languages = (await call("/v1/languages")).filter((each) => each.available);
    const chosen = this.language.value;
    this.language.replaceChildren(...this.languages.map((each) => h("option", { value: each.name }, each.title || each.name)));
    this.language.value = this.languages.some((each) => each.name === chosen) ? chosen : this.languages[0]?.name;
    this.editor.setLanguage(this.language.value);
    const known = new Set(Array.from(document.getElementById("problem-ids").children, (option) => option.value));
    const stored = await call("/v1/problems?limit=1000");
    document.getElementById("problem-ids").append(...stored.filter((each) => !known.has(each.id)).map((each) => h("option", { value: each.id })));
    await this.describe();
  }

  async describe() {
    this.save();
    this.about.hidden = true;
    if (this.kind !== "stored" || !this.problem.value.trim()) return;
    let found;
    try {
      found = await settingsOf(this.problem.value.trim());
    } catch (error) {
      if (!(error instanceof Refused) || error.status === 401) throw error;
      return; // said when it is submitted
    }
    this.about.hidden = false;
    this.about.replaceChildren(
      h("summary", {}, `${found.title || this.problem.value}: ${found.time_limit_s} s CPU, ${found.memory_limit_mb} MB`),
      h("pre", { tabindex: "0", "aria-label": "Statement" }, found.statement || "It has no statement."),
    );
  }

  choose(kind) {
    this.kind = kind;
    for (const radio of this.kinds) radio.checked = radio.value === kind;
    for (const [name, part] of Object.entries(this.parts)) part.hidden = name !== kind;
    this.save();
  }

  addRow(input, output) {
    const number = this.rows.children.length + 1;
    const fields = ["Input", "Output"].map((name, place) => {
      const text = h("textarea", { id: `${name}-${random()}`, rows: "2", spellcheck: "false" });
      text.value = place ? output : input;
      return field(`${name} ${number}`, text);
    });
    const remove = h("button", { type: "button", class: "small", "aria-label": `Remove test ${number}`, onclick: () => row.remove() }, "×");
    const row = h("div", { class: "row" }, fields, remove);
    this.rows.append(row);
    return row.querySelector("textarea");
  }

  /** The submission as it stands. Throws BadForm, with what to mend. */
  asked() {
    if (!this.editor.text().trim()) throw new BadForm("There is no program yet.");
    const coverage = Number(this.coverage.value);
    if (!(coverage > 0 && coverage <= 1)) throw new BadForm("Coverage: give a share of the tests, over 0 and at most 1.");
    return { problem: this.askedProblem(), language: this.language.value, source: this.editor.text(), coverage, stop: this.all.checked ? "never" : "first_failure" };
  }

  askedProblem() {
    if (this.kind === "stored") {
      if (!this.problem.value.trim()) throw new BadForm("Problem: choose one from the list, or give your own tests.");
      return this.problem.value.trim();
    }
    if (this.kind === "json") {
      try {
        return JSON.parse(this.json.value);
      } catch (error) {
        throw new BadForm(`Problem as JSON: ${error.message}`);
      }
    }
    const tests = [...this.rows.children].map((row) => {
      const [input, output] = row.querySelectorAll("textarea");
      return { input: input.value, output: output.value };
    });
    if (!tests.length) throw new BadForm("Tests: add at least one.");
    return { tests, time_limit_s: Number(this.timeLimit.value) };
  }

  /** Fill in what a link holds. */
  put(asked) {
    this.language.value = asked.language;
    this.editor.setText(asked.source);
    this.editor.setLanguage(asked.language);
    this.coverage.value = asked.coverage ?? 1;
    this.all.checked = asked.stop !== "first_failure";
    if (typeof asked.problem === "string") {
      this.problem.value = asked.problem;
      this.choose("stored");
      this.describe().catch(() => {});
    } else {
      this.json.value = JSON.stringify(asked.problem, null, 2);
      this.choose("json");
    }
  }

  /** Limits of a test for bars: those of the problem times the language's factor. */
  async limits(asked) {
    if (!asked.problem) return {};
    const settings = typeof asked.problem === "string" ? await settingsOf(asked.problem) : asked.problem;
    const factor = this.languages.find((each) => each.name === asked.language)?.time_factor ?? 1;
    return { time_s: (settings.time_limit_s ?? 2) * factor, memory_mb: settings.memory_limit_mb ?? 256 };
  }

  link(hash, hasProgram) {
    const long = hasProgram ? "it lasts: the program is in it" : "it lasts as long as the judge keeps the result; the program is too long for it";
    this.shareable.replaceChildren(h("a", { href: hash }, "Link to this result"), ` (${long})`);
  }

  get isBusy() {
    return this.button.disabled;
  }

  busy(yes) {
    this.button.disabled = yes;
    this.button.textContent = yes ? "Submitting…" : "Submit";
    clearTimeout(this.slow);
    this.patience.textContent = "";
    if (yes) this.slow = setTimeout(() => (this.patience.textContent = "Tests of the judge's own problems are made when they are first asked for: some seconds."), 1500);
  }

  error(text) {
    this.complaint.textContent = text;
  }

  save() {
    if (!this.editor) return;
    const draft = { kind: this.kind === "own" ? "stored" : this.kind, problem: this.problem.value, language: this.language.value, source: this.editor.text() };
    localStorage.setItem(DRAFT, JSON.stringify(draft));
  }

  leave() {
    this.editor.destroy();
  }
}

const settingsOf = (id) => call(`/v1/problems/${id.split("/").map(encodeURIComponent).join("/")}?tests=false`);

function read() {
  try {
    return { ...FIRST, ...JSON.parse(localStorage.getItem(DRAFT)) };
  } catch {
    return FIRST;
  }
}
