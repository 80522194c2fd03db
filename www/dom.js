// Between data and elements. Text enters the page through textContent only, markup only from <template>.
import { exact, parseTime, plain, relative, sentence } from "./words.js";

export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const section = (name) => document.getElementById(name);
export const copyOf = (name) => find(`[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
export const make = (tag, textContent, className = "") => Object.assign(document.createElement(tag), { textContent, className });

/** Writes values into the [data-text] places of `root`: text, a moment into a <time>, and pairs: [look, word] into a
    chip (a state is never told by colour alone), [address, name] into a picture. */
export function write(root, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const place of all(`[data-text="${name}"]`, root)) {
      if (place.tagName === "TIME") time(place, value);
      else if (!Array.isArray(value)) place.textContent !== value && (place.textContent = value ?? "");
      else if (place.lastElementChild) picture(place, ...value);
      else Object.assign(place, { className: `chip ${value[0]}`, textContent: value[1] });
    }
  }
}

/** Initials stand behind the picture, and alone when there is none. */
function picture({ children: [initials, image] }, address, name) {
  initials.textContent = plain(name).split(/\s+/).map((word) => [...word][0] ?? "").slice(0, 2).join("").toUpperCase();
  image.hidden = !address;
  if (address && image.getAttribute("src") !== address) image.src = address;
}

// Addresses at Meta's image hosts die after days: the torn picture goes, what is behind it shows.
document.addEventListener("error", ({ target }) => target instanceof HTMLImageElement && (target.hidden = true), true);

/** Relative to now; exact on hover, and for screen readers, which do not read titles. */
function time(place, text) {
  const date = parseTime(text);
  place.replaceChildren(place.dataset.none ?? "–");
  for (const name of ["datetime", "title"]) place.removeAttribute(name);
  if (!date) return;
  place.dateTime = date.toISOString();
  place.title = exact(date);
  place.replaceChildren(make("span", relative(date)), make("span", exact(date), "unseen"));
  place.firstChild.ariaHidden = "true";
}

setInterval(() => {
  for (const place of all("time[datetime]")) place.firstChild.textContent = relative(new Date(place.dateTime));
}, 10_000);

let fading;

/** Says a result: visible wherever one has scrolled to, spoken by screen readers. */
export function toast(text) {
  const place = find("dialog[open] [data-toast]") ?? find("[data-toast]");
  clearTimeout(fading);
  place.replaceChildren();
  // A live region speaks when it changes: the same sentence twice needs a moment without.
  requestAnimationFrame(() => place.replaceChildren(make("p", text)));
  fading = setTimeout(() => place.replaceChildren(), 9000);
}

/** Runs `work` for a button, which keeps the focus, says that it is busy, and takes no second press. */
export async function busy(button, work) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  await work().finally(() => (button.ariaBusy = null));
}

/** A dangerous button asks once more in place; leaving it, or Escape, takes the question back. */
function sure(button, question) {
  if (button.textContent === question) return true;
  const before = button.textContent;
  const back = () => {
    button.onblur = button.onkeydown = null;
    Object.assign(button, { textContent: before, className: button.className.replace(" armed", "") });
  };
  button.onblur?.();
  button.focus();
  Object.assign(button, { textContent: question, onblur: back, onkeydown: ({ key }) => key === "Escape" && back() });
  button.classList.add("armed");
  toast(`${question} Press once more. Escape keeps it.`);
}

/** Wires the [data-do] buttons of `root`. A deed is a function of its button, or {ask, deed} if it is dangerous.
    What goes wrong is said below the button. */
export function actions(root, deeds) {
  root.addEventListener("click", ({ target, detail }) => {
    const button = target.closest("[data-do]");
    const deed = deeds[button?.dataset.do];
    // The second half of a double click is no answer to a question.
    if (!deed || (deed.ask && (detail > 1 || !sure(button, deed.ask())))) return;
    const row = button.closest(".row, td");
    const old = find(":scope > .error", row ?? root);
    busy(button, async () => {
      old?.remove();
      try {
        await (deed.deed ?? deed)(button);
      } catch (error) {
        if (!error.fields) throw error;
        const said = make("p", sentence(error), "error");
        said.role = "alert";
        if (error.status !== 401) (row ?? root).append(said);
      }
      button.onblur?.();
    });
  });
}

let serial = 0;

/** Shows what went wrong in a form: under the field that caused it, else above its button. The focus goes there. */
export function showErrors(form, error) {
  clearErrors(form);
  let first = null;
  for (const [name, messages] of error.fields) {
    const input = find(`[name="${name}"]`, form);
    if (!input) continue;
    const said = make("p", messages.join(" "), "error");
    input.closest(".field").append(said);
    input.ariaInvalid = "true";
    input.setAttribute("aria-describedby", (said.id = `error-${++serial}`));
    first ??= input;
  }
  if (!first) {
    first = make("p", sentence(error), "error");
    first.tabIndex = -1;
    const button = find("button:not([type])", form);
    (button.closest(".row") ?? button).before(first);
  }
  if (error.status !== 401) first.focus();
}

export function clearErrors(form) {
  for (const said of all(".error", form)) said.remove();
  for (const input of all("[aria-invalid]", form)) {
    input.ariaInvalid = null;
    input.removeAttribute("aria-describedby");
  }
}

/** A field left empty: told as the program would, without asking it. */
export const missing = (field, text) => Object.assign(new Error(text), { fields: [[field, [text]]] });

export function onSubmit(form, work) {
  form.noValidate = true;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    busy(find("button:not([type])", form), async () => {
      clearErrors(form);
      try {
        await work(form.elements);
      } catch (error) {
        if (!error.fields) throw error;
        showErrors(form, error);
      }
    });
  });
}

export const skeletons = (list, amount, look = "") =>
  list.replaceChildren(...Array.from({ length: amount }, () => make("li", "", `${look} skeleton`)));

/** Loads a section. Only the newest load counts; a failure is said at its head, with a way to try again. */
export function loader(root, load) {
  let turn = 0;
  const problem = copyOf("problem");
  const reload = async () => {
    const mine = ++turn;
    const current = () => mine === turn;
    root.ariaBusy = "true";
    try {
      await load(current);
      if (current()) problem.remove();
    } catch (error) {
      if (!error.fields) throw error;
      if (!current() || error.status === 401) return;
      write(problem, { problem: sentence(error) });
      find(".head", root).after(problem);
    } finally {
      if (current()) root.ariaBusy = null;
    }
  };
  actions(problem, { retry: reload });
  reload.failed = () => problem.isConnected;
  return reload;
}

/** Keeps a list in step with rows: each key's element is made once and reused, so focus and open forms survive. */
export function keep(list, rows, elements, create, update, keyOf = (row) => row.id) {
  const wanted = rows.map((row) => {
    const key = keyOf(row);
    if (!elements.has(key)) elements.set(key, create(row));
    update(elements.get(key), row);
    return elements.get(key);
  });
  if (wanted.length === list.children.length && wanted.every((element, index) => element === list.children[index])) return;
  const focus = document.activeElement;
  list.replaceChildren(...wanted);
  if (list.contains(focus)) focus.focus({ preventScroll: true });
}

/** After a row is gone the focus goes to its neighbour's same button, else to the head of the section. */
export function leave(element, deed) {
  const next = element.nextElementSibling ?? element.previousElementSibling;
  return () => (next ? find(`[data-do="${deed}"]`, next) : find("h2", element.closest("section"))).focus();
}

export async function copyText(text) {
  await navigator.clipboard?.writeText(text).catch(() => null);
  if (!isSecureContext) {
    // Without HTTPS there is no clipboard interface; the old command still works.
    const field = Object.assign(make("textarea", text), { readOnly: true });
    (find("dialog[open]") ?? document.body).append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast("Copied.");
}
