// Elements from code. Text is always set as text: what a program or a problem says can never become markup.

/** An element. `attributes`: `on...` are listeners, null and false are left out, the rest are set as attributes. */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A labelled field: the label stands before it. */
export function field(label, control, attributes = {}) {
  return h("div", { class: "field", ...attributes }, h("label", { for: control.id }, label), control);
}

export const seconds = (value) =>
  value === null || value === undefined ? "–" : value < 1 ? `${(value * 1000).toFixed(value < 0.1 ? 1 : 0)} ms` : `${value.toFixed(2)} s`;
export const megabytes = (value) => (value === null || value === undefined ? "–" : `${value.toFixed(1)} MB`);
