// Between data and elements. Text enters the page through textContent only; markup only from <template>.
import { count, exact, number, parseTime, plain, relative, sentence } from "./words.js";

export const find = (selector, root = document) => root.querySelector(selector);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const section = (name) => find(`[data-section="${name}"]`);
export const copyOf = (name) => find(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);

export function make(tag, text) {
  const element = document.createElement(tag);
  element.textContent = text;
  return element;
}

/** Writes values into the [data-text] places of `root`. An empty place takes no room (see the style sheet). */
export function write(root, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const place of all(`[data-text="${name}"]`, root)) {
      if (place.textContent !== (value ?? "")) place.textContent = value ?? "";
    }
  }
}

/** `words` is [class, word]: a state is never told by its colour alone. */
export function chip(place, [look, word]) {
  place.className = `chip ${look}`;
  place.textContent = word;
}

/** A picture, or the initials when there is none or its signed address has expired. */
export function avatar(holder, address, name) {
  const [initials, picture] = holder.children;
  initials.textContent = plain(name).split(/\s+/).map((word) => [...word][0]).filter(Boolean).slice(0, 2).join("").toUpperCase();
  picture.hidden = !address;
  if (address && picture.getAttribute("src") !== address) picture.src = address;
}

// Addresses at Meta's image hosts die after days: hide the torn picture, what is behind it shows.
document.addEventListener("error", ({ target }) => {
  if (target instanceof HTMLImageElement) target.hidden = true;
}, true);

/** Shows when: relative to now, exact on hover and to screen readers, which do not read titles. */
export function time(place, text, otherwise = "–") {
  const date = parseTime(text);
  if (!date) {
    place.removeAttribute("datetime");
    place.removeAttribute("title");
    place.textContent = otherwise;
    return;
  }
  const shown = make("span", relative(date));
  shown.ariaHidden = "true";
  const spoken = make("span", exact(date));
  spoken.className = "hidden-text";
  place.dateTime = date.toISOString();
  place.title = exact(date);
  place.replaceChildren(shown, spoken);
}

export const times = (root, values) => {
  for (const [name, [text, otherwise]] of Object.entries(values)) time(find(`[data-time="${name}"]`, root), text, otherwise);
};

setInterval(() => {
  for (const place of all("time[datetime]")) {
    const text = relative(new Date(place.dateTime));
    if (place.firstChild.textContent !== text) place.firstChild.textContent = text;
  }
}, 10_000);

let toastTimer;

/** Says a result: seen at the edge of the window wherever one has scrolled to, read by screen readers. */
export function toast(text) {
  const place = find("[data-toast]");
  clearTimeout(toastTimer);
  place.textContent = "";
  // A live region speaks when its content changes: the same sentence twice needs a moment without.
  requestAnimationFrame(() => place.replaceChildren(make("p", text)));
  toastTimer = setTimeout(() => place.replaceChildren(), 12_000);
}

/** Runs `work` for a button: it keeps the focus, says that it is busy, and takes no second press. */
export async function busy(button, work) {
  if (button.ariaBusy === "true") return;
  button.ariaBusy = "true";
  try {
    return await work();
  } finally {
    button.ariaBusy = null;
  }
}

/** A dangerous button asks twice in place. Leaving it, or Escape, takes the question back. */
export function askTwice(button, question, work) {
  if (button.ariaBusy === "true") return;
  if (button.dataset.armed !== question) {
    if (button.dataset.armed === undefined) button.dataset.before = button.textContent;
    button.dataset.armed = question;
    button.classList.add("armed");
    button.textContent = question;
    button.focus();
    toast(`${question} Press the same button once more. Escape keeps it.`);
    button.onblur = () => disarm(button);
    button.onkeydown = (event) => event.key === "Escape" && disarm(button);
    return;
  }
  return busy(button, async () => {
    const keep = await work();
    if (!keep) disarm(button);
  });
}

function disarm(button) {
  if (button.dataset.armed === undefined) return;
  button.textContent = button.dataset.before;
  button.classList.remove("armed");
  delete button.dataset.armed;
  button.onblur = button.onkeydown = null;
}

/** Shows what went wrong in a form: beside the field that caused it, else in its summary; the focus goes there. */
export function showErrors(form, error) {
  clearErrors(form);
  let first = null;
  for (const [name, messages] of error?.fields ?? []) {
    const place = find(`[data-error="${name}"]`, form);
    if (!place) continue;
    place.textContent = messages.join(" ");
    const input = find("input, select", place.parentElement);
    input.setAttribute("aria-invalid", "true");
    place.id ||= `error-${crypto.getRandomValues(new Uint32Array(1))[0]}`;
    input.setAttribute("aria-describedby", place.id);
    first ??= input;
  }
  if (!first && error) {
    first = find("[data-summary]", form);
    first.textContent = sentence(error);
  }
  if (error?.status !== 401) first?.focus();
}

export function clearErrors(form) {
  for (const place of all(".error", form)) place.textContent = "";
  for (const input of all("[aria-invalid]", form)) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

/** Submits without leaving the page. `work` throws APIErrors; they are shown in the form. */
export function onSubmit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await busy(find("button:not([type])", form), async () => {
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

/** A field that was left empty, told the way the program tells it, without asking it. */
export const missing = (field, text) => Object.assign(new Error(text), { fields: [[field, [text]]] });

/** Loads a section: busy while it waits, its failure in words with a way to try again, only the newest counts. */
export function loader(root, load) {
  let turn = 0;
  let timer;
  const problem = find("[data-problem]", root);
  const retry = find("[data-retry]", problem);
  const again = async () => {
    const mine = ++turn;
    root.ariaBusy = "true";
    clearInterval(timer);
    try {
      await load(() => mine === turn);
      if (mine === turn) problem.hidden = true;
    } catch (error) {
      if (mine !== turn) return;
      if (!error.fields) throw error;
      problem.hidden = error.status === 401;
      write(problem, { problem: sentence(error) });
      let left = error.retryAfter;
      const tick = () => {
        retry.textContent = left > 0 ? `Try again (${number(left)} s)` : "Try again";
        if (left-- <= 0) clearInterval(timer);
      };
      tick();
      if (left > 0) timer = setInterval(tick, 1000);
    } finally {
      if (mine === turn) root.ariaBusy = null;
    }
  };
  retry.addEventListener("click", () => busy(retry, again));
  again.failed = () => !problem.hidden;
  return again;
}

/** Keeps a list in step with rows: elements are made once per key and reused, so focus and open forms survive. */
export function keep(list, rows, keyOf, create, update, elements) {
  const wanted = rows.map((row) => {
    const key = keyOf(row);
    if (!elements.has(key)) elements.set(key, create(row));
    const element = elements.get(key);
    update(element, row);
    return element;
  });
  for (const child of [...list.children]) if (!wanted.includes(child)) child.remove();
  wanted.forEach((element, index) => {
    if (list.children[index] !== element) list.insertBefore(element, list.children[index] ?? null);
  });
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without HTTPS there is no clipboard interface; the old command still works.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast("Copied.");
}

export { count };
