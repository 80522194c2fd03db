// What sections share: who learns it puts it, who shows it watches.
const bus = new EventTarget();

export const state = {}; // session, tokens, pages, mappings: absent until known.

/** Also "reload" (signed in, connected again) and "forget" (tokens in memory go). */
export const say = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
export const watch = (name, then) => bus.addEventListener(name, ({ detail }) => then(detail));

export function put(name, value) {
  state[name] = value;
  say(name);
}

/** Puts one changed row in its place; null takes it out. */
export const change = (name, id, row) => put(name, state[name].flatMap((old) => (old.id !== id ? old : row ?? [])));
