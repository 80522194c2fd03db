// The document. Elements are made here, and only here does text enter it: as text, never as markup.

/** h("button.primary", { onclick }, "Save"): an element with classes, properties or attributes, and children. */
export function h(name, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  const first = children[0];
  if (first && typeof first === "object" && !(first instanceof Node) && !Array.isArray(first)) set(element, children.shift());
  element.append(...flat(children));
  return element;
}

const flat = (children) => children.flat(9).filter((child) => child != null && child !== false);

export function set(element, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (name in element && name !== "list" && name !== "form") element[name] = value;
    else if (value === null || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
  return element;
}

/** Other children, unless they are the same text already: what is read aloud is not read twice. */
export function fill(element, ...children) {
  const wanted = flat(children);
  if (wanted.every((child) => typeof child === "string") && !element.childElementCount && element.textContent === wanted.join("")) return;
  element.replaceChildren(...wanted);
}

export function focusOn(element) {
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

/** A thing that ends with the view that made it. */
export const every = (ms, work, signal) => {
  const timer = setInterval(work, ms);
  signal.addEventListener("abort", () => clearInterval(timer));
};

const made = new WeakMap(); // By key: reused, so that the focus, open menus and typed text survive.

/** The children of `list`, one for each row: made once, `element.update(row)` afterwards. */
export function keep(list, rows, make, keyOf = ({ id }) => id) {
  const old = made.get(list) ?? new Map();
  const now = new Map();
  for (const row of rows) {
    const key = keyOf(row);
    const element = old.get(key) ?? make(row);
    element.update?.(row);
    now.set(key, element);
  }
  made.set(list, now);
  const wanted = new Set(now.values());
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  let place = list.firstElementChild;
  for (const element of wanted) {
    if (element === place) place = place.nextElementSibling;
    else list.insertBefore(element, place);
  }
}
