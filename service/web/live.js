// What the judge does now: queue, workers and boxes, verdicts per minute, false alarms.

import { call } from "./api.js";
import { h } from "./dom.js";
import { uPlot } from "./vendor/chart.js";

const EVERY_MS = 2000;
const SHOWN = 150; // points: five minutes
const VERDICTS = ["AC", "WA", "TLE", "MLE", "OLE", "RTE", "CE", "JE"];

export function liveView({ failed }) {
  const figures = h("dl", { class: "figures" });
  const workers = h("div", { class: "scroll", role: "region", "aria-label": "Workers", tabindex: "0" });
  const queue = h("div", { class: "chart", role: "img", "aria-label": "Queue depth and running, last five minutes" });
  const rates = h("div", { class: "chart", role: "img", "aria-label": "Verdicts per minute, last five minutes" });
  const history = { at: [], queued: [], running: [], perMinute: [] };
  const charts = [];
  let before = null;
  let timer = 0;
  let left = false;

  async function look() {
    try {
      const stats = await call("/v1/stats");
      if (left) return;
      add(history, stats, before);
      before = stats;
      figures.replaceChildren(...figuresOf(stats, history));
      workers.replaceChildren(workersOf(stats.workers));
      draw();
    } catch (error) {
      failed(error);
    }
    if (!left) timer = setTimeout(look, EVERY_MS);
  }

  function draw() {
    if (!charts.length) {
      charts.push(chart(queue, ["queued", "running"]), chart(rates, ["verdicts per minute"]));
    }
    charts[0].setData([history.at, history.queued, history.running]);
    charts[1].setData([history.at, history.perMinute]);
  }

  const resize = () => charts.forEach((each) => each.setSize(sizeIn(each.root.parentElement)));
  const recolour = () => {
    charts.splice(0).forEach((each) => each.destroy());
    if (history.at.length) draw();
  };
  const dark = matchMedia("(prefers-color-scheme: dark)");
  window.addEventListener("resize", resize);
  dark.addEventListener("change", recolour);
  look();
  return {
    element: h(
      "section",
      { class: "page" },
      h("h1", {}, "Live"),
      figures,
      h("h2", {}, "Queue"),
      queue,
      h("h2", {}, "Verdicts per minute"),
      rates,
      h("h2", {}, "Workers and boxes"),
      workers,
    ),
    leave: () => {
      left = true;
      clearTimeout(timer);
      window.removeEventListener("resize", resize);
      dark.removeEventListener("change", recolour);
      charts.forEach((each) => each.destroy());
    },
  };
}

const total = (verdicts) => Object.values(verdicts).reduce((sum, count) => sum + count, 0);

function add(history, stats, before) {
  // Counts that fall are those of a judge that was started anew.
  const passed = before ? stats.at - before.at : 0;
  const ended = before ? total(stats.verdicts) - total(before.verdicts) : 0;
  history.at.push(stats.at);
  history.queued.push(stats.queued_interactive + stats.queued_batch);
  history.running.push(stats.running);
  history.perMinute.push(passed > 0 && ended >= 0 ? (60 * ended) / passed : null);
  for (const values of Object.values(history)) if (values.length > SHOWN) values.shift();
}

function figuresOf(stats, history) {
  const rate = history.perMinute.at(-1);
  const told = stats.confirmed === null ? "told by each worker's /metrics" : null;
  const rows = [
    ["waiting", `${stats.queued_interactive} interactive, ${stats.queued_batch} batch`],
    ["running", stats.running],
    ["verdicts per minute", rate === null || rate === undefined ? "–" : Math.round(rate)],
    ...VERDICTS.filter((name) => stats.verdicts[name]).map((name) => [name, stats.verdicts[name]]),
    ["judge errors (JE)", stats.judge_errors],
    ["TLE asked again, confirmed", told ?? stats.confirmed],
    ["TLE asked again, overturned", told ?? stats.overturned],
    ["sessions open", stats.sessions_open ?? "none here"],
  ];
  return rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, String(value))));
}

function workersOf(workers) {
  const head = ["worker", "wall", "boxes", "runs", "replaced", "speed", "heard of"];
  const rows = workers.map((worker) => {
    const boxes = worker.boxes.filter((box) => box.kind === "standard");
    const squares = boxes.map((box) =>
      h("span", { class: box.busy ? "box busy" : "box", title: `${box.name}: ${box.busy ? "busy" : "idle"}, core ${box.core}` }, box.busy ? "■" : "□"),
    );
    const busy = boxes.filter((box) => box.busy).length;
    return h(
      "tr",
      {},
      h("td", {}, worker.name),
      h("td", {}, worker.wall),
      h("td", {}, h("span", { "aria-hidden": "true" }, squares), ` ${busy} of ${boxes.length} busy`),
      h("td", { class: "n" }, String(worker.boxes.reduce((sum, box) => sum + box.runs, 0))),
      h("td", { class: "n" }, String(boxes.reduce((sum, box) => sum + box.restarts, 0))),
      h("td", {}, worker.steady ? "steady" : "unsteady"),
      h("td", { class: "n" }, worker.heartbeat_age_s ? `${worker.heartbeat_age_s.toFixed(0)} s ago` : "now"),
    );
  });
  return h("table", {}, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows));
}

const latest = (plot) => plot.data[0].at(-1) ?? Date.now() / 1000;
const sizeIn = (element) => ({ width: Math.max(240, element.clientWidth), height: 180 });

/** A colour of the style sheet as a canvas takes it: `light-dark()` resolved. */
function colour(name) {
  const probe = document.body.appendChild(h("span"));
  probe.style.color = `var(${name})`;
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

function chart(element, names) {
  const strokes = [colour("--blue"), colour("--amber")];
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { stroke: colour("--line") } };
  return new uPlot(
    {
      ...sizeIn(element),
      series: [{ label: "time" }, ...names.map((label, place) => ({ label, stroke: strokes[place], width: 2, points: { show: false } }))],
      axes: [axis, { ...axis, size: 56 }],
      scales: { x: { range: (plot) => [latest(plot) - (SHOWN * EVERY_MS) / 1000, latest(plot)] }, y: { range: (_, low, high) => [0, Math.max(1, high)] } },
    },
    [[], ...names.map(() => [])],
    element,
  );
}
