// The pieces that views are made of: faces, dots, times, buttons that tell how it went.
import { fill, focusOn, h, set } from "./dom.js";
import { complaint, exact, parseTime, plain, relative, sentence } from "./words.js";

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

const alert = (text) => h("p.error", { role: "alert" }, text);

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

/** The rest of what can be done, behind one button. */
export function menu(label, ...items) {
  const box = h("details.menu", h("summary", { ariaLabel: label, title: label }, "⋯"), h("div.items", items));
  box.dataset.menu = "";
  box.onkeydown = ({ key }) => {
    if (key !== "Escape" || !box.open) return;
    shut();
  };
  box.onclick = ({ target }) => void (target.closest("button") && !target.closest("[data-asked]") && shut());
  const shut = () => {
    if (box.contains(document.activeElement)) box.firstElementChild.focus();
    box.open = false;
  };
  return box;
}
document.addEventListener("click", ({ target }) => {
  for (const box of document.querySelectorAll("[data-menu][open]")) if (!box.contains(target)) box.open = false;
});

let fields = 0;

/** A labelled field. `input` is any control; hints and errors are tied to it. */
export function field(label, input, hint) {
  input.id ||= `field-${++fields}`;
  const help = hint && h("span.hint", { id: `${input.id}-hint` }, hint);
  if (help) input.setAttribute("aria-describedby", help.id);
  return h("div.field", h("label", { htmlFor: input.id }, label), input, help);
}

/** Says what went wrong at the field, else above the button, and goes there. */
export function showErrors(form, error) {
  clearErrors(form);
  let first;
  for (const [key, messages] of error.fields ?? []) {
    const input = [...form.elements].find((one) => one.name === key);
    if (!input) continue;
    const said = set(h("span.error", { role: "alert" }, complaint(key, messages)), { id: `${input.id}-error` });
    input.after(said);
    input.ariaInvalid = "true";
    input.dataset.described = input.getAttribute("aria-describedby") ?? "";
    input.setAttribute("aria-describedby", `${said.id} ${input.dataset.described}`.trim());
    first ??= input;
  }
  if (!first) {
    first = alert(sentence(error));
    (form.querySelector("[type=submit]")?.parentElement ?? form.lastElementChild).before(first);
  }
  if (error.status !== 401) focusOn(first);
}

export function clearErrors(form) {
  for (const said of form.querySelectorAll("[role=alert]")) said.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.ariaInvalid = null;
    if (input.dataset.described) input.setAttribute("aria-describedby", input.dataset.described);
    else input.removeAttribute("aria-describedby");
  }
}

export function onSubmit(form, work) {
  form.noValidate = true;
  form.onsubmit = (event) => {
    event.preventDefault();
    busy(event.submitter ?? form, async () => {
      clearErrors(form);
      await work(form.elements);
    }, (error) => showErrors(form, error));
  };
  return form;
}

/** The head of a view; the heading takes the focus when one arrives. */
export function head(title, hint, ...actions) {
  return h("div.head", h("div", h("h1", { tabIndex: -1 }, title), hint && h("p.hint", hint)), h("div.row.actions", actions));
}

/** What failed to load, with a way out; nothing else stands in its place. */
export const problem = (error, retry) => h("div.problem.row", { role: "alert" }, h("span", sentence(error)), button("Try again", retry));

/** Only the newest load counts. `show` gets the answer, `fail` the error. */
export function loader(load, show, fail, signal) {
  let turn = 0;
  return async () => {
    const mine = ++turn;
    const [answer, error] = await load().then((value) => [value], (thrown) => [null, thrown]);
    if (mine !== turn || signal.aborted || error?.status === 401) return;
    if (error) fail(error);
    else show(answer);
  };
}

export const skeletons = (amount, look) => Array.from({ length: amount }, () => h(`li.skeleton${look}`, { ariaHidden: "true" }));
export { fill };
