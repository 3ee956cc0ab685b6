// Which view is shown, the key, and what is said while the judge does not answer.

import { Away, Refused, call, storeKey, storedKey } from "./api.js";
import { h } from "./dom.js";
import { judgeView } from "./judge.js";
import { liveView } from "./live.js";
import { reportsView } from "./reports.js";

const VIEWS = { judge: judgeView, live: liveView, reports: reportsView };
const main = document.getElementById("main");
const banner = document.getElementById("banner");
const dialog = document.getElementById("key-dialog");
let leave = () => {};

/** `#/` and `#/result/ID?p=...` are the judge; `#/live`; `#/reports`. */
function route() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/");
  const name = Object.hasOwn(VIEWS, parts[0]) ? parts[0] : "judge";
  const submission = parts[0] === "result" && parts[1] ? { id: parts[1], packed: new URLSearchParams(query).get("p") } : null;
  return { name, submission };
}

function show() {
  const { name, submission } = route();
  leave();
  leave = () => {};
  for (const link of document.querySelectorAll("nav a")) {
    if (link.dataset.view === name) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  document.title = name === "judge" ? "tierline" : `tierline · ${name}`;
  main.replaceChildren();
  const view = VIEWS[name]({ submission, failed });
  main.append(view.element);
  leave = view.leave ?? leave;
}

let waiting = 0;

/** Says what went wrong: asks for a key, or waits for a judge that is away and shows the view again when it is back. */
function failed(error) {
  if (error instanceof Refused && error.status === 401) {
    askForKey(error.message);
  } else if (error instanceof Away || (error instanceof Refused && error.status === 503)) {
    say("The judge does not answer. Trying again…");
    clearTimeout(waiting);
    waiting = setTimeout(comeBack, 1000);
  } else {
    say([error.message, ...(error.fields ?? [])].join(" · "));
  }
}

async function comeBack() {
  try {
    await call("/readyz");
  } catch (error) {
    failed(error);
    return;
  }
  say("");
  window.dispatchEvent(new Event("judge-is-back"));
}

function say(text) {
  banner.hidden = !text;
  banner.replaceChildren(text, text ? h("button", { type: "button", "aria-label": "Close this message", onclick: () => say("") }, "×") : "");
}

function askForKey(why) {
  document.getElementById("key-input").value = storedKey();
  if (!dialog.open) dialog.showModal();
  if (why) say(why);
}

dialog.addEventListener("close", () => {
  if (dialog.returnValue !== "save") return;
  storeKey(document.getElementById("key-input").value.trim());
  say("");
  show();
});
document.getElementById("key-button").addEventListener("click", () => askForKey(""));
window.addEventListener("key-needed", () => askForKey("This judge needs a key."));
window.addEventListener("hashchange", show);
show();
