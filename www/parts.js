// The pieces that views are made of: faces, dots, times, buttons that tell how it went.
import { h, set } from "./dom.js";
import { exact, parseTime, plain, relative, sentence } from "./words.js";

export const image = (src) => h("img", { alt: "", loading: "lazy", decoding: "async", src });
document.addEventListener("error", ({ target }) => target.tagName === "IMG" && target.remove(), true);

/** Initials stand behind the picture, whose address at Meta dies after days. */
export function face(address, name, look = "") {
  const letters = plain(name).split(/[\s_-]+/).filter(Boolean).map((word) => [...word][0]).slice(0, 2).join("").toUpperCase();
  return h(`span.face${look}`, { ariaHidden: "true" }, letters, address && image(address));
}

/** A dot with a word: a state is never told by colour alone. */
export const dot = ([look, word]) => h(`span.dot.${look}`, word);
export const chip = ([look, word]) => h(`span.chip.${look}`, word);
export const name = (text, more) => h("bdi", { title: text?.length > 24 ? text : "", ...more }, text ?? "");

/** A moment: relative to the eye, exact on hover and for screen readers. */
export function time(text, none = "–") {
  const date = parseTime(text);
  if (!date) return h("span", none);
  return h("time", { dateTime: text, title: exact(date) }, h("span", { ariaHidden: "true" }, relative(text)), h("span.unseen", exact(date)));
}
setInterval(() => {
  for (const { firstElementChild: shown, dateTime } of document.querySelectorAll("time")) if (shown) shown.textContent = relative(dateTime);
}, 10_000);

let fading;

/** Where results are said: over the head of the page, never over a field. */
export function toast(text) {
  const place = document.querySelector("dialog[open] [data-toast]") ?? document.querySelector("[data-toast]");
  clearTimeout(fading);
  place.replaceChildren();
  // The same sentence twice is spoken only after a moment without.
  requestAnimationFrame(() => place.replaceChildren(h("p", text)));
  fading = setTimeout(() => place.replaceChildren(), 5000);
}

/** No clipboard without HTTPS: then the text can be marked. */
export const copyText = async (text) => toast((await navigator.clipboard?.writeText(text).then(() => "Copied.", () => null)) ?? text);
export const copyButton = (text, label, what) => button(label, () => copyText(typeof text === "function" ? text() : text), { label: what });

/** Keeps the focus, says that it is busy, takes no second press. */
export async function busy(element, work, fail) {
  if (element.ariaBusy) return;
  element.ariaBusy = "true";
  await work().catch(fail);
  element.ariaBusy = null;
}

export const alert = (text) => h("p.error", { role: "alert" }, text);

/** A button for an async deed. `ask` is a question for what cannot be undone: it is asked in place, and leaving or Escape
    takes it back. What goes wrong is said beside the button. `label` is what a screen reader hears. */
export function button(text, deed, { look = "", ask, label, more } = {}) {
  const element = h(`button${look}`, { type: "button", ariaLabel: label ?? null, ...more }, text);
  element.onclick = (event) => {
    const row = element.parentElement;
    row?.querySelector(":scope > [role=alert]")?.remove();
    // A double click is no answer to a question.
    if (ask && (event.detail > 1 || !sure(element, ask()))) return;
    busy(element, async () => deed(element), (error) => error.status === 401 || (element.isConnected ? row.append(alert(sentence(error))) : toast(sentence(error))))
      .then(() => element.onblur?.());
  };
  return element;
}

function sure(element, question) {
  const before = [element.textContent, element.ariaLabel];
  if (element.dataset.asked) return true;
  const back = () => {
    set(element, { textContent: before[0], ariaLabel: before[1], onblur: null, onkeydown: null });
    element.classList.remove("armed");
    delete element.dataset.asked;
  };
  element.focus();
  element.classList.add("armed");
  element.dataset.asked = "yes";
  set(element, {
    textContent: question, ariaLabel: null, onblur: back,
    onkeydown: (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      element.onblur?.();
    },
  });
  toast(`${question} Press once more. Escape keeps it.`);
  return false;
}

/** The head of a view; the heading takes the focus when one arrives. */
export function head(title, hint, ...actions) {
  return h("div.head", h("div", h("h1", { tabIndex: -1 }, title), hint && h("p.hint", hint)), h("div.row.actions", actions));
}

/** What failed to load, with a way out; nothing else stands in its place. */
export const problem = (error, retry) => h("div.problem.row", { role: "alert" }, h("span", sentence(error)), button("Try again", retry));

export const skeletons = (amount, look) => Array.from({ length: amount }, () => h(`li.skeleton${look}`, { ariaHidden: "true" }));

/** The styles of what is not seen at first. */
let styles;
export const moreStyles = () => (styles ??= new Promise((done) => document.head.append(h("link", { rel: "stylesheet", href: "views.css", onload: done, onerror: done }))));
