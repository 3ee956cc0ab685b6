// Reports that the judge shows: frontier studies, merges, verified problem sets.

import { call } from "./api.js";
import { h } from "./dom.js";

export function reportsView({ failed }) {
  const list = h("div", { "aria-live": "polite" }, h("p", {}, "Looking…"));
  const load = () => call("/v1/reports").then((found) => list.replaceChildren(found.reports.length ? table(found.reports) : nothing(found.folder)), failed);
  window.addEventListener("judge-is-back", load);
  load();
  return {
    element: h("section", { class: "page" }, h("h1", {}, "Reports"), list),
    leave: () => window.removeEventListener("judge-is-back", load),
  };
}

function table(reports) {
  const rows = reports.map((report) =>
    h(
      "tr",
      {},
      h("td", {}, h("a", { href: `/reports/${encodeURIComponent(report.name)}`, target: "_blank", rel: "noopener" }, report.title || report.name)),
      h("td", {}, report.name),
      h("td", {}, new Date(report.written * 1000).toLocaleString()),
    ),
  );
  const head = h("tr", {}, ...["report", "folder", "written"].map((name) => h("th", { scope: "col" }, name)));
  return h("div", { class: "scroll", role: "region", "aria-label": "Reports", tabindex: "0" }, h("table", {}, h("thead", {}, head), h("tbody", {}, rows)));
}

function nothing(folder) {
  return h(
    "div",
    {},
    h("p", {}, "There is none yet. Each of these commands writes one:"),
    h(
      "pre",
      { tabindex: "0" },
      `tierline frontier --preset laptop --out ${folder}/laptop\ntierline merge --low LOW --high HIGH --alpha 1.25 --out MODEL --report ${folder}/merge\ntierline problems verify --report ${folder}/problems\n`,
    ),
  );
}
