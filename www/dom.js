// The document, and the pieces that views are made of. Only here does text enter it: as text, never as markup.
import { exact, parseTime, plain, relative, sentence } from "./words.js";

/** h("button.primary", { onclick }, "Save"): an element with classes, properties or attributes, and children. */
export function h(name, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  if (children[0]?.constructor === Object) set(element, children.shift());
  element.append(...flat(children));
  return element;
}

const flat = (children) => children.flat(9).filter((child) => child != null && child !== false);

export function set(element, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (name in element && name !== "list") element[name] = value;
    else if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
  return element;
}

/** Other children, unless they are the same text: what is read aloud is not read twice. */
export function fill(element, ...children) {
  const wanted = flat(children);
  if (wanted.every((child) => typeof child === "string") && !element.childElementCount && element.textContent === wanted.join("")) return;
  element.replaceChildren(...wanted);
}

export function focusOn(element) {
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

const made = new WeakMap(); // By key: reused, so that the focus, open menus and typed text survive.

/** The children of `list`, one for each row: made once, `element.update(row)` afterwards. */
export function keep(list, rows, make) {
  const old = made.get(list);
  const now = new Map(rows.map((row) => {
    const element = old?.get(row.id) ?? make(row);
    element.update(row);
    return [row.id, element];
  }));
  made.set(list, now);
  const wanted = new Set(now.values());
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  let place = list.firstElementChild;
  for (const element of wanted) {
    if (element === place) place = place.nextElementSibling;
    else list.insertBefore(element, place);
  }
}

// ---- Pieces. A state is told by a word, never by colour alone.

export const image = (src) => h("img", { alt: "", loading: "lazy", decoding: "async", src });
/** Pictures that are being made may be late; what fails twice gives way to what stands behind it. */
document.addEventListener("error", ({ target }) => {
  if (target.tagName !== "IMG") return;
  if (target.dataset.again) return target.remove();
  target.dataset.again = "yes";
  setTimeout(() => (target.src = target.src), 2000);
}, true);

export const face = (address, name, look = "") => h(`span.face${look}`, { ariaHidden: "true" },
  plain(name).split(/[\s_-]+/).slice(0, 2).map((word) => [...word][0]).join("").toUpperCase(), address && image(address));

export const dot = ([look, word]) => h(`span.dot.${look}`, word);
export const name = (text) => h("bdi", { title: text?.length > 24 ? text : "" }, text);

export function time(text, none = "–") {
  const date = parseTime(text);
  return date ? h("time", { dateTime: text, title: exact(date) }, h("span", { ariaHidden: "true" }, relative(text)), h("span.unseen", exact(date))) : h("span", none);
}
setInterval(() => {
  for (const { firstElementChild: shown, dateTime } of document.querySelectorAll("time")) shown.textContent = relative(dateTime);
}, 10_000);

let fading;

/** Where results are said: over the head of the page, never over a field. */
export function toast(text) {
  const place = document.querySelector("dialog[open] [data-toast]") ?? document.querySelector("[data-toast]");
  clearTimeout(fading);
  place.replaceChildren();
  // The same twice is spoken only after a moment without.
  requestAnimationFrame(() => place.replaceChildren(h("p", text)));
  fading = setTimeout(() => place.replaceChildren(), 5000);
}

export async function busy(element, work, fail) {
  if (element.ariaBusy) return;
  element.ariaBusy = "true";
  await work().catch(fail);
  element.ariaBusy = null;
}

export const alert = (text) => h("p.error", { role: "alert" }, text);

/** A button for an async deed; what goes wrong is said beside it. `may` is asked first, `label` is what a screen reader hears. */
export function button(text, deed, { look = "", may, label, more } = {}) {
  const element = h(`button${look}`, { type: "button", ariaLabel: label ?? null, ...more }, text);
  element.onclick = (event) => {
    const row = element.parentElement;
    row?.querySelector(":scope > [role=alert]")?.remove();
    if (may && !may(element, event)) return;
    busy(element, async () => deed(element), (error) => error.status === 401 || (element.isConnected ? row.append(alert(sentence(error))) : toast(sentence(error))))
      .then(() => element.onblur?.());
  };
  return element;
}

export const head = (title, hint, ...actions) => h("div.head", h("div", h("h1", { tabIndex: -1 }, title), hint), actions);
export const hint = () => h("p.hint", { role: "status" });
export const searchFor = (label, more) => h("input", { type: "search", ariaLabel: label, autocomplete: "off", ...more });

export const problem = (error, retry) => h("div.problem.row", { role: "alert" }, h("span", sentence(error)), button("Try again", retry));

let styles; // Of what is not seen at first.
export const moreStyles = () => (styles ??= new Promise((done) => document.head.append(h("link", { rel: "stylesheet", href: "views.css", onload: done, onerror: done }))));
