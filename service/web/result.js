// One submission, filled in as its events come: verdict, tiers with their tests, time and memory beside the limits, messages.

import { h, megabytes, seconds } from "./dom.js";

const SIGNS = { AC: "✓", WA: "W", TLE: "T", MLE: "M", OLE: "O", RTE: "R", CE: "C", JE: "!" };
const WORDS = {
  AC: "right and fast enough",
  WA: "wrong answer",
  TLE: "over the time limit",
  MLE: "over the memory limit",
  OLE: "too much output",
  RTE: "ended with an error",
  CE: "does not compile",
  JE: "the judge failed: this says nothing about the program",
};
const percent = (share) => `${+(share * 100).toFixed(1)} %`;

export class ResultPanel {
  constructor() {
    this.headline = h("div", { class: "headline", role: "status" });
    this.compile = h("div");
    this.tiers = h("ol", { class: "tiers" });
    this.test = h("div", { class: "test-details", role: "region", "aria-label": "Chosen test", "aria-live": "polite", tabindex: "0", hidden: true });
    this.foot = h("div", { class: "soft" });
    this.element = h("section", { class: "result", "aria-label": "Result", hidden: true }, this.headline, this.compile, this.tiers, this.foot, this.test);
  }

  /** A new submission. `limits`: { time_s, memory_mb } of a test, as far as they are known. */
  start(limits) {
    this.element.hidden = false;
    this.limits = limits;
    this.shown = new Map(); // tier number -> what shows it
    this.total = null;
    this.judged = 0;
    this.selected = null;
    this.chosenByHand = false;
    for (const part of [this.compile, this.tiers, this.test, this.foot]) part.replaceChildren();
    this.test.hidden = true;
    this.say("waiting", "Waiting for a box…");
  }

  say(kind, text, badge = "") {
    this.headline.className = `headline ${kind}`;
    this.headline.replaceChildren(...(badge ? [h("strong", { class: "badge" }, badge), " "] : []), h("span", {}, text));
  }

  event(kind, data) {
    if (kind === "queued") this.say("waiting", "Waiting for a box…");
    if (kind === "compiling") this.say("waiting", "Compiling…");
    if (kind === "compiled") this.compiled(data);
    if (kind === "test") this.tested(data);
    if (kind === "done") this.done(data);
  }

  compiled(data) {
    this.total = data.total ?? this.total;
    if (data.log) {
      this.compile.replaceChildren(
        h("details", { open: !data.ok }, h("summary", {}, data.ok ? "What the compiler said" : "Compile log"), h("pre", { tabindex: "0" }, data.log)),
      );
    }
    if (data.ok) this.say("waiting", `Judging ${this.total ?? ""} tests…`);
  }

  tested(data) {
    this.judged += 1;
    this.total = data.total ?? this.total;
    this.say("waiting", `Test ${this.judged} of ${this.total ?? "?"}…`);
    this.tier(data.tier).add(data);
    if (data.verdict !== "AC" && this.selected === null) this.select(data, false);
  }

  tier(number) {
    if (!this.shown.has(number)) {
      const tier = new Tier(number, this);
      this.shown.set(number, tier);
      this.tiers.append(tier.element);
    }
    return this.shown.get(number);
  }

  /** Show a test's details; by itself the panel chooses the first that failed. */
  select(data, byHand = true) {
    if (!byHand && this.chosenByHand) return;
    this.chosenByHand ||= byHand;
    this.selected = data.index;
    for (const tier of this.shown.values()) tier.mark(data.index);
    const rows = [
      ["verdict", `${data.verdict ?? "not judged"}${data.verdict ? `, ${WORDS[data.verdict]}` : ""}${data.confirmed ? " (near the limit, decided by a second run alone)" : ""}`],
      ["place", `test ${data.index} as it was sent, rank ${data.rank} by size, tier ${data.tier}`],
      ["input", `${data.input_bytes} bytes`],
      ["time", `${seconds(data.cpu_s)} CPU, ${seconds(data.wall_s)} by the clock`],
      ["memory", megabytes(data.memory_mb)],
      ...(data.exit_code ? [["exit status", data.exit_code]] : []),
      ...(data.signal ? [["signal", data.signal]] : []),
    ];
    this.test.hidden = false;
    this.test.replaceChildren(
      h("h2", {}, `Test ${data.index}`),
      h("dl", {}, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value))))),
      ...(data.message ? [h("pre", { tabindex: "0", "aria-label": "Message" }, data.message)] : []),
    );
  }

  done(result) {
    if (result.status === "cancelled") {
      this.say("waiting", "Cancelled.");
      return;
    }
    this.compiled({ ...result.compile, total: result.tests.length });
    this.limits = { ...this.limits, factor: result.limit_factor };
    for (const test of result.tests) this.tier(test.tier).add(test);
    for (const tier of result.tiers) this.tier(tier.tier).finish(tier);
    if (this.selected === null) {
      const failed = result.tests.find((test) => test.verdict && test.verdict !== "AC");
      if (failed) this.select(failed, false);
    }
    const kind = result.failure ?? (result.verdict === "AC" ? "solved" : "unknown");
    this.say(kind, sentence(result), result.verdict);
    this.foot.replaceChildren(
      `Judged by ${result.worker}, wall ${result.wall}${result.cached ? ", from an earlier result of the same program" : ""}`,
      result.limit_factor === 1 ? "" : `, time limits times ${result.limit_factor} for this worker's speed`,
      ". ",
      h("a", { href: URL.createObjectURL(new Blob([JSON.stringify(result, null, 2)], { type: "application/json" })), download: `${result.id}.json` }, "Result as JSON"),
    );
  }
}

function sentence(result) {
  const passed = percent(result.coverage_passed);
  if (result.verdict === "JE") return `The judge failed: ${result.error ?? "no reason is known"}. This says nothing about the program; submit it again.`;
  if (result.verdict === "AC") return `Passes ${passed} of the tests: ${WORDS.AC}.`;
  const kind = result.failure ? `, an ${result.failure} failure`.replace("an correctness", "a correctness") : "";
  if (result.verdict === "CE") return `It ${WORDS.CE}${kind}.`;
  return `Passes the smallest ${passed} of the tests, then: ${WORDS[result.verdict]}${kind}.`;
}

class Tier {
  constructor(number, panel) {
    this.panel = panel;
    this.tests = new Map(); // place of a test -> its button
    this.most = { cpu_s: null, memory_mb: null };
    this.passed = 0;
    this.verdict = h("span", { class: "badge" });
    this.counts = h("span", { class: "soft" });
    this.squares = h("div", { class: "tests", role: "group", "aria-label": `Tests of tier ${number}`, onkeydown: (event) => this.move(event) });
    this.meters = h("div", { class: "meters" });
    this.coverage = h("span", { class: "soft" });
    this.element = h(
      "li",
      { class: "tier" },
      h("div", { class: "tier-head" }, h("strong", {}, `Tier ${number}`), this.coverage, this.verdict, this.counts),
      this.squares,
      this.meters,
    );
  }

  add(test) {
    const verdict = test.verdict ?? null;
    const before = this.tests.get(test.index);
    if (before?.test.verdict) {
      before.test = test;
      return;
    }
    const label = `Test ${test.index}: ${verdict ? `${verdict}, ${seconds(test.cpu_s)}` : "not judged"}`;
    const button = h(
      "button",
      { type: "button", class: `test ${verdict ?? "none"}`, "aria-label": label, title: label, "aria-pressed": "false", tabindex: this.tests.size && !before ? "-1" : "0" },
      verdict ? SIGNS[verdict] : "·",
    );
    const entry = { button, test };
    button.addEventListener("click", () => this.panel.select(entry.test));
    if (before) before.button.replaceWith(button);
    else this.squares.append(button);
    this.tests.set(test.index, entry);
    this.passed += verdict === "AC";
    for (const name of ["cpu_s", "memory_mb"]) this.most[name] = Math.max(this.most[name] ?? 0, test[name] ?? 0);
    if (test.index === this.panel.selected) this.mark(test.index);
    this.counts.textContent = `${this.passed} of ${this.tests.size} passed`;
    this.measure();
  }

  measure() {
    const { time_s, memory_mb, factor } = this.panel.limits;
    this.meters.replaceChildren(
      meter("time", this.most.cpu_s, time_s && time_s * (factor ?? 1), seconds),
      meter("memory", this.most.memory_mb, memory_mb, megabytes),
    );
  }

  finish(tier) {
    this.coverage.textContent = `up to ${percent(tier.coverage)} of the tests, by size`;
    this.verdict.textContent = tier.verdict ?? "not judged";
    this.verdict.className = `badge ${tier.verdict ?? "none"}`;
    this.counts.textContent = `${tier.passed} of ${tier.tests} passed`;
    if (tier.cpu_s !== null) this.most.cpu_s = tier.cpu_s;
    if (tier.memory_mb !== null) this.most.memory_mb = tier.memory_mb;
    this.measure();
  }

  mark(index) {
    for (const [place, { button }] of this.tests) button.setAttribute("aria-pressed", String(place === index));
  }

  /** One stop of the Tab key for all tests of a tier; arrows go from one to the next. */
  move(event) {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const buttons = [...this.squares.children];
    const place = buttons.indexOf(document.activeElement);
    const next = event.key === "Home" ? buttons[0] : event.key === "End" ? buttons.at(-1) : step && buttons[place + step];
    if (!next || place < 0) return;
    event.preventDefault();
    buttons[place].tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  }
}

function meter(name, value, limit, show) {
  const text = `${show(value)}${limit ? ` of ${show(limit)}` : ""}`;
  const bar = limit ? h("meter", { min: "0", max: String(limit), low: String(limit * 0.75), high: String(limit * 0.95), optimum: "0", value: String(Math.min(value ?? 0, limit)), "aria-label": `${name}: ${text}` }) : null;
  return h("div", { class: "meter" }, h("span", { class: "meter-name" }, name), bar, h("span", { class: "n" }, text));
}
