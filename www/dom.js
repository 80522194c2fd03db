// Text enters through textContent only, markup only from <template>.
import { exact, number, parseTime, plain, relative, sentence } from "./words.js";

export * from "./api.js";
export * from "./state.js";
export * from "./words.js";

export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const make = (tag, textContent, more) => Object.assign(document.createElement(tag), { textContent, ...more });
export const copyOf = (name) => find(`[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
export const image = (src) => make("img", "", { alt: "", loading: "lazy", src });

export function section(name) {
  const root = document.getElementById(name);
  const [list, filter, empty, form] = ["[data-list]", "[type=search]", "[data-empty]", "form"].map((part) => find(part, root));
  return { root, list, filter, empty, form };
}

export function focusOn(element) {
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

/** Fills the [data-text] places of `root`: text, numbers, a moment into a <time>, [look, word] into a chip (a state is
    never told by colour alone), [address, name] into a picture. */
export function write(root, values) {
  for (const place of all("[data-text]", root)) {
    const name = place.dataset.text;
    if (!(name in values)) continue;
    const value = values[name];
    const text = (typeof value === "number" ? number(value) : value) ?? place.dataset.none ?? "";
    if (place.tagName === "TIME") time(place, value);
    else if (name === "face") picture(place, ...value);
    else if (Array.isArray(value)) Object.assign(place, { className: `chip ${value[0]}`, textContent: value[1] });
    else if (place.textContent !== text) place.textContent = text;
  }
}

// Initials stand behind the picture, whose address at Meta dies after days.
function picture(place, address, name) {
  const letters = plain(name).split(/\s+/).map((word) => [...word][0]).slice(0, 2).join("").toUpperCase();
  if (place.textContent === letters && find("img", place)?.src === (address ?? undefined)) return;
  place.ariaHidden = "true";
  place.replaceChildren(letters, ...(address ? [image(address)] : []));
}

document.addEventListener("error", ({ target }) => target.tagName === "IMG" && target.remove(), true);

// Exact on hover, and for screen readers.
function time(place, text) {
  const date = parseTime(text);
  place.dateTime = text ?? "";
  place.title = date ? exact(date) : "";
  if (!date) return place.replaceChildren(place.dataset.none ?? "–");
  place.replaceChildren(make("span", relative(text), { ariaHidden: "true" }), make("span", exact(date), { className: "unseen" }));
}

setInterval(() => {
  for (const { firstElementChild: shown, dateTime } of all("time")) if (shown) shown.textContent = relative(dateTime);
}, 10_000);

const alert = (tag, text) => make(tag, text, { className: "error", role: "alert" });

let fading;

/** Seen wherever one has scrolled to, spoken by screen readers. */
export function toast(text) {
  const place = find("dialog[open] [data-toast]") ?? find("[data-toast]");
  clearTimeout(fading);
  place.replaceChildren();
  // The same sentence twice is spoken only after a moment without.
  requestAnimationFrame(() => place.replaceChildren(make("p", text)));
  fading = setTimeout(() => place.replaceChildren(), 9000);
}

/** No clipboard without HTTPS: then the text can be marked. */
export const copyText = async (text) => toast((await navigator.clipboard?.writeText(text).then(() => "Copied.")) ?? text);

/** Keeps the focus, says that it is busy, takes no second press. */
async function busy(button, work, fail) {
  if (button.ariaBusy) return;
  button.ariaBusy = "true";
  await work().catch(fail);
  button.ariaBusy = null;
}

/** Asks once more in place; leaving, or Escape, takes the question back. */
function sure(button, question) {
  const before = button.textContent;
  if (before === question) return true;
  const back = () => {
    Object.assign(button, { textContent: before, onblur: null });
    button.classList.remove("armed");
  };
  button.onblur?.();
  button.focus();
  button.classList.add("armed");
  Object.assign(button, { textContent: question, onblur: back, onkeydown: ({ key }) => void (key === "Escape" && button.onblur?.()) });
  toast(`${question} Press once more. Escape keeps it.`);
}

/** Wires the [data-do] buttons of `root` to async deeds, {ask, deed} if dangerous. What goes wrong is said beside the
    button. When the deed removes `root`, the focus goes to its neighbour. */
export function actions(root, deeds) {
  root.addEventListener("click", ({ target, detail }) => {
    const button = target.closest("[data-do]");
    const deed = deeds[button?.dataset.do];
    // A double click is no answer to a question.
    if (!deed || (deed.ask && (detail > 1 || !sure(button, deed.ask())))) return;
    const row = button.parentElement;
    const next = root.nextElementSibling ?? root.previousElementSibling;
    const head = root.closest("section")?.querySelector("h2");
    find("[role=alert]", row)?.remove();
    busy(button, async () => {
      await (deed.deed ?? deed)(button);
      if (!root.isConnected) focusOn((next && find(`[data-do="${button.dataset.do}"]`, next)) ?? head);
    }, (error) => error.status === 401 || row.append(alert("p", sentence(error))))
      .then(() => button.onblur?.());
  });
}

/** Says what went wrong in the field's label, else above the button, and goes there. */
export function showErrors(form, error) {
  clearErrors(form);
  let first;
  for (const [name, messages] of error.fields ?? []) {
    const input = find(`[name="${name}"]`, form);
    if (!input) continue;
    (input.closest("fieldset")?.firstElementChild ?? input.parentElement).append(alert("span", messages.join(" ")));
    input.ariaInvalid = "true";
    first ??= input;
  }
  if (!first) find("button:not([type])", form).parentElement.before((first = alert("p", sentence(error))));
  if (error.status !== 401) focusOn(first);
}

export function clearErrors(form) {
  for (const said of all("[role=alert]", form)) said.remove();
  for (const input of all("[aria-invalid]", form)) input.ariaInvalid = null;
}

export function onSubmit(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(event.submitter, async () => {
      clearErrors(form);
      await work(form.elements);
    }, (error) => showErrors(form, error));
  });
}

/** Only the newest load counts; a failure is said at its head. */
export function loader(root, load) {
  const problem = copyOf("problem");
  let turn = 0;
  const reload = async () => {
    const mine = ++turn;
    const current = () => mine === turn;
    root.ariaBusy = "true";
    const trouble = await load(current).catch((error) => error);
    if (!current()) return;
    root.ariaBusy = null;
    if (!trouble || trouble.status === 401) return problem.remove();
    write(problem, { problem: sentence(trouble) });
    if (!problem.isConnected) find("h2", root).parentElement.after(problem);
  };
  actions(problem, { retry: reload });
  return reload;
}

export const skeletons = (list, amount, look = "") =>
  list.replaceChildren(...Array.from({ length: amount }, () => make("li", "", { className: `skeleton ${look}` })));

const made = new WeakMap(); // By key: reused, so that open forms survive.

export function keep(list, rows, create, update, keyOf = ({ id }) => id) {
  const known = made.get(list) ?? new Map();
  made.set(list, known);
  const wanted = rows.map((row) => {
    const key = keyOf(row);
    if (!known.has(key)) known.set(key, create(row));
    update(known.get(key), row);
    return known.get(key);
  });
  if (wanted.length !== list.children.length || wanted.some((element, index) => element !== list.children[index])) list.replaceChildren(...wanted);
}
