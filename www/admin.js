// The house: who is inside, an address for every view, and when what is known is asked for anew.
import { call, line } from "./api.js";
import { button, fill, focusOn, h, moreStyles, problem, toast } from "./dom.js";
import { forget, put, refresh, say, state, tellTabs, trouble, watch } from "./store.js";
import { plain, sentence } from "./words.js";

const hook = (name) => document.querySelector(`[data-${name}]`);
const main = hook("main");
const links = document.querySelectorAll("[data-view]");

/** The first word of an address, the file that shows it, and the link that is marked for it. */
const views = {
  "": ["overview", "clients"], clients: ["client", "clients"], feeds: ["client", "clients"], accounts: ["accounts", "accounts"], connect: ["accounts", "accounts"],
  map: ["map", "map"], keys: ["system", "keys"], activity: ["system", "activity"], system: ["system", "system"],
};

function read() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split("?");
  const [word, ...rest] = path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { word, rest, query: new URLSearchParams(query) };
}

let shown; // {file, view, leave}: what a view made, it forgets when it is left.
let turn = 0;
let arrived;

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
  for (const one of links) {
    one.ariaCurrent = one.dataset.view === link ? "page" : null;
    if (one.ariaCurrent) one.scrollIntoView({ block: "nearest" });
  }
  if (shown?.file === file && shown.view.update?.(route)) return;
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
    shown = { file, view, leave: leaving };
    put("place", view.title);
    fill(main, view.root);
    if (!first) scrollTo(0, 0);
    // On arrival, not at the start: who reloads has not asked to be moved.
    if (!first || arrived) focusOn(view.root.querySelector("h1"));
    arrived = true;
  } catch (error) {
    if (mine !== turn) return;
    leave();
    if (!/import|module|fetch/i.test(error.message)) console.error(error);
    fill(main, problem(new Error("This part of the page could not be loaded. A file is missing on the server, or the connection is gone."), () => location.reload()));
  } finally {
    clearTimeout(waiting);
  }
}

addEventListener("hashchange", go);
hook("skip").onclick = (event) => {
  event.preventDefault();
  focusOn(main);
};

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
setInterval(again, 20_000);
document.addEventListener("visibilitychange", again);
addEventListener("focus", again);
watch("tab-changed", () => setTimeout(ask, 300));

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

// ---- Who is looking: sign-in, protected mode, and what happens when either ends

let kept; // What stood in the page when the session ended by itself; shown again after signing in.

function enter(session) {
  const before = state.session;
  session.inside = session.signed_in || session.actor !== null;
  put("session", session);
  hook("nav").hidden = !session.inside;
  fill(hook("who"), session.inside && (session.mode === "protected" ? h("a.hint", { href: "#/system", title: "Only this machine may come in until there is one." }, "No password yet")
    : button("Sign out", signOut, { look: ".quiet" })));
  if (!session.inside) return before?.inside === false ? null : gate(session, before);
  // A password may have been set meanwhile, or nothing has changed.
  if (before?.inside && before.actor === session.actor && before.mode === session.mode) return;
  if (kept?.hash === location.hash) {
    fill(main, ...kept.nodes);
    focusOn(kept.focus?.isConnected ? kept.focus : main);
    scrollTo(0, kept.top);
    kept = null;
    say("refresh");
  } else {
    say("forget");
    say("inside");
  }
}

async function start() {
  enter(await call("GET", "session/").catch((error) => {
    if (error.status !== 401) throw error;
    return { actor: null, why: error.message }; // Two cookies of one name.
  }));
}

async function gate(session, before) {
  if (before) {
    kept = { nodes: [...main.childNodes], focus: document.activeElement, top: scrollY, hash: location.hash };
    main.replaceChildren();
    say("secrets");
  }
  const { signIn } = await import("./system.js");
  if (state.session === session) signIn(main, session, before, enter);
}

function out(why) {
  kept = null;
  forget();
  state.session = null;
  enter({ actor: null, why });
}

async function signOut() {
  await call("DELETE", "session/");
  tellTabs("tab-signed-out");
  out("You are signed out.");
}

line.addEventListener("signed-out", () => state.session?.inside && enter({ actor: null }));
watch("tab-signed-out", () => state.session?.inside && out("You signed out in another tab."));
watch("tab-signed-in", () => state.session?.inside === false && start());

watch("tokens mappings health session place", async () => {
  const found = (state.session?.inside && (await trouble())?.troubles()) || [];
  fill(hook("badge"), found.length > 0 && String(found.length));
  hook("badge").className = `badge ${found[0]?.look ?? ""}`;
  document.title = `${found.length ? `(${found.length}) ` : ""}${plain(state.place ? `${state.place} · ` : "")}Meta Module`;
  const icon = `favicon${found.length ? "-trouble" : ""}.svg`;
  if (hook("icon").getAttribute("href") !== icon) hook("icon").href = icon;
});
start().catch((error) => {
  if (error.lost) return;
  fill(main, problem(error, () => location.reload()));
  put("session", null);
});
