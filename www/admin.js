// The house: an address for every view, loaded when it is first opened. What a view made, it forgets when it is left.
import { line } from "./api.js";
import { every, fill, focusOn, h } from "./dom.js";
import { moreStyles, problem, toast } from "./parts.js";
import { start } from "./session.js";
import { put, refresh, say, state, watch } from "./store.js";
import { sentence } from "./words.js";
import { watchTrouble } from "./trouble.js";

const hook = (name) => document.querySelector(`[data-${name}]`);
const main = hook("main");
const links = document.querySelectorAll("[data-view]");

/** The first word of an address, the file that shows it, and the link that is marked for it. */
const views = {
  "": ["overview", "clients"], clients: ["client", "clients"], accounts: ["accounts", "accounts"], connect: ["connect", "accounts"],
  map: ["map", "map"], keys: ["keys", "keys"], activity: ["activity", "activity"], system: ["system", "system"],
};

function read() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const decode = (part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  };
  const [word, ...rest] = path.split("/").map(decode);
  return { word, rest, query: new URLSearchParams(query) };
}

let shown; // {word, view, leave}
let turn = 0;

function leave() {
  shown?.leave.abort();
  shown = null;
  main.replaceChildren();
}

async function go() {
  if (!state.session?.inside) return;
  const route = read();
  const [file, link] = views[route.word] ?? [];
  if (!file) return void (location.hash = "#/");
  for (const one of links) one.ariaCurrent = one.dataset.view === link ? "page" : null;
  if (shown?.word === route.word && shown.view.update?.(route)) return;
  const mine = ++turn;
  const leaving = new AbortController();
  const waiting = setTimeout(() => mine === turn && fill(main, h("p.waiting", { role: "status" }, "One moment …")), 400);
  try {
    const [{ mount }] = await Promise.all([import(`./${file}.js`), known, route.word && moreStyles()]);
    if (mine !== turn || !state.session.inside) return;
    const view = await mount(route, leaving.signal);
    if (mine !== turn) return leaving.abort();
    const first = !shown;
    leave();
    shown = { word: route.word, view, leave: leaving };
    put("place", view.title);
    fill(main, view.root);
    document.body.dataset.at = link;
    if (!first) scrollTo(0, 0);
    // On arrival, not at the start: who reloads has not asked to be moved.
    if (!first || arrived) focusOn(view.root.querySelector("[autofocus]") ?? view.root.querySelector("h1"));
    arrived = true;
  } catch (error) {
    if (mine !== turn) return;
    leave();
    if (!/import|module|fetch/i.test(error.message) || error.lost) console.error(error);
    fill(main, problem(new Error(`This part of the page could not be loaded. A file is missing on the server, or the connection is gone.`), () => location.reload()));
  } finally {
    clearTimeout(waiting);
  }
}
let arrived = false;

addEventListener("hashchange", go);
hook("skip").onclick = (event) => {
  event.preventDefault();
  focusOn(main);
};

// ---- What is known, and when it is asked for anew

let known = new Promise(() => {}); // Until the first lists are there.
let asking;

const ask = () => (asking ??= refresh().catch((error) => {
  if (error.lost || error.status === 401) return;
  if (state.mappings && state.tokens) toast(sentence(error));
  else fill(main, problem(error, ask));
}).finally(() => (asking = null)));

watch("inside", () => {
  const { promise, resolve } = Promise.withResolvers();
  known = promise;
  const seen = new AbortController();
  watch("mappings tokens", () => {
    if (!state.mappings || !state.tokens) return;
    seen.abort();
    resolve();
  }, seen.signal);
  ask();
  go();
});
watch("forget", leave);
watch("refresh", ask);

let last = Date.now();
const again = () => {
  if (document.hidden || Date.now() - last < 5000) return;
  last = Date.now();
  ask();
};
every(20_000, again, new AbortController().signal);
document.addEventListener("visibilitychange", again);
addEventListener("focus", again);
watch("tab-changed", () => setTimeout(ask, 300));

// ---- The line

let trying; // The interval of new attempts while the line is lost.
const lost = () => {
  trying ??= setInterval(() => start().catch(() => {}), 3000);
  fill(hook("lost"), "Connection lost. What you typed is kept. Trying again …");
};
line.addEventListener("lost", lost);
addEventListener("offline", lost);
line.addEventListener("answered", () => {
  if (!trying) return;
  trying = clearInterval(trying);
  fill(hook("lost"));
  toast("Connected again.");
  say("again");
  ask();
});

watchTrouble(hook("badge"), hook("icon"));
start().catch((error) => {
  if (error.lost) return;
  fill(main, problem(error, () => location.reload()));
  put("session", null);
});
