// The judge over HTTP: JSON in and out, its key, and server-sent events.

import { EventSource } from "./vendor/editor.js";

const KEY = "tierline-key";

export const storedKey = () => sessionStorage.getItem(KEY) ?? "";
export const storeKey = (key) => (key ? sessionStorage.setItem(KEY, key) : sessionStorage.removeItem(KEY));
const authorization = () => (storedKey() ? { Authorization: `Bearer ${storedKey()}` } : {});

/** The judge answered with an error: a problem document. `fields` has a line for each bad field. */
export class Refused extends Error {
  constructor(status, problem) {
    super(problem.detail || problem.title || `The judge answered ${status}.`);
    this.status = status;
    this.fields = (problem.errors ?? []).map((field) => `${field.path}: ${field.message}`);
  }
}

/** Nobody answers. */
export class Away extends Error {}

/** The parsed answer. Throws Refused and Away. */
export async function call(path, { method = "GET", body } = {}) {
  let answer;
  try {
    answer = await fetch(path, {
      method,
      headers: { ...authorization(), ...(body === undefined ? {} : { "Content-Type": "application/json" }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new Away("The judge does not answer.");
  }
  if (answer.ok) return answer.status === 204 ? null : answer.json();
  const said = await answer.json().catch(() => ({}));
  throw new Refused(answer.status, said);
}

const RETRY_MS = 1000;

/**
 * The events of a submission, from the first on; after a lost connection from where it was. `on.event(kind, data)` for each,
 * `on.lost()` while nobody answers, `on.gone()` when the judge does not know the submission. Returns what ends it.
 */
export function watch(id, on) {
  let source = null;
  let ended = false;
  let timer = 0;
  const open = () => {
    source = new EventSource(`/v1/submissions/${encodeURIComponent(id)}/events`, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...authorization() } }),
    });
    for (const kind of ["queued", "compiling", "compiled", "test", "done"]) {
      source.addEventListener(kind, (message) => {
        if (kind === "done") end();
        on.event(kind, JSON.parse(message.data));
      });
    }
    source.addEventListener("error", (error) => {
      if (ended) return;
      if (error.code === 404) {
        end();
        on.gone();
      } else if (error.code === 401) {
        end();
        window.dispatchEvent(new Event("key-needed"));
      } else if (source.readyState === EventSource.CLOSED) {
        source.close(); // an answer such as 503: it is starting, so ask again
        timer = setTimeout(open, RETRY_MS);
        on.lost();
      } else on.lost();
    });
  };
  const end = () => {
    ended = true;
    clearTimeout(timer);
    source?.close();
  };
  open();
  return end;
}
