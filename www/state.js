// What several sections need to know. Whoever learns something puts it, whoever shows it watches.
const bus = new EventTarget();

export const state = {
  session: null, // {signed_in, mode, actor, scope, expires_at}
  tokens: null, // rows of /tokens/, null until known
  pages: null, // rows of /pages/
  mappings: null, // rows of /mappings/
};

export function put(name, value) {
  state[name] = value;
  say(name);
}

/** Also used for plain messages: "reload" (signed in or connected again), "forget" (tokens in memory go). */
export const say = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));

export const watch = (name, then) => bus.addEventListener(name, (event) => then(event.detail));
