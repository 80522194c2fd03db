// The clients, and the house: who is inside, which view is shown.
import { addressOf, button, call, collate, count, dot, face, fill, focusOn, forget, grid, h, head, hint, image, keep, name, number, peek, pictureOf, plain, problem, put, refresh, say, searchFor, seeker, sentence, state, tellTabs, time, toast, trouble, watch } from "./kit.js";

const rank = { bad: 0, warn: 1, off: 2, ok: 3 };
const filters = {
  all: ["All", () => true],
  trouble: ["Trouble", ({ look: [look] }) => rank[look] < 2],
  stale: ["Stale", ({ look: [, word] }) => word === "Stale"],
  none: ["No Instagram", ({ row }) => !row.ig_account_id],
};
const sorts = {
  name: ["Name", () => 0],
  trouble: ["Trouble first", (a, b) => rank[a.look[0]] - rank[b.look[0]]],
  newest: ["Changed last", (a, b) => Date.parse(b.row.updated_at) - Date.parse(a.row.updated_at)],
  account: ["Account", (a, b) => collate(a.account?.account_label ?? "", b.account?.account_label ?? "")],
};

const one = (name, of, query) => (Object.hasOwn(of, query.get(name)) ? query.get(name) : null);

async function clientsView({ query }, signal) {
  let show = one("show", filters, query) ?? "all";
  let sort = one("sort", sorts, query) ?? "name";
  let page = Math.max(0, query.get("page") - 1 || 0);
  let isList = localStorage.getItem("clients") === "list";
  const chosen = new Set();

  const search = searchFor("Search clients", { title: "Press /", ariaKeyShortcuts: "/", placeholder: "Search client, Page, @handle, account", value: query.get("q") ?? "", oninput: afresh });
  const how = hint();
  const pills = Object.entries(filters).map(([key, [label]]) => {
    const amount = h("span.amount");
    return { key, amount, pill: h("button.pill", { type: "button", onclick: () => ((show = key), afresh()) }, label, amount) };
  });
  const sorter = h("select", { ariaLabel: "Sort by", onchange: () => ((sort = sorter.value), afresh()) },
    Object.entries(sorts).map(([value, [label]]) => h("option", { value, selected: value === sort }, label)));
  const look = h("button.pill", { type: "button", onclick: () => {
    isList = !isList;
    localStorage.setItem("clients", isList ? "list" : "grid");
    afresh();
  } });
  const list = h("ul.cards", { ariaLabel: "Clients" });
  const empty = h("p.empty", "No client fits. ", button("Show all", () => {
    search.value = "";
    show = "all";
    afresh();
  }));
  const step = (label, by) => button(label, () => {
    page += by;
    draw();
    scrollTo(0, 0);
    focusOn(list.querySelector("a"));
  });
  const [back, where, onward] = [step("Back", -1), h("span.hint"), step("Next", 1)];
  const pager = h("nav.row.pager", { ariaLabel: "Pages of the list" }, back, where, onward);
  const bar = h("div.row.selection", { role: "region", ariaLabel: "Selection", hidden: true });
  const troubles = h("section.troubles", { ariaLabel: "Trouble" });
  const steps = h("ol.steps", { ariaLabel: "First steps" });
  const tools = h("div.row.tools", h("span.searching", search), h("div.scroll", { role: "group", ariaLabel: "Show" }, pills.map(({ pill }) => pill), h("span.end", sorter, look)));
  const add = h("a.button.primary", { href: "#/map" }, "Add clients");
  const root = h("section.wide", { ariaLabel: "Clients" }, head("Clients", how, add), troubles, steps, tools, list, empty, pager, bar);

  const eye = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) target.look();
  }, { rootMargin: "200px" });
  signal.addEventListener("abort", () => eye.disconnect());

  let rows = [];

  function afresh() {
    page = 0;
    draw();
  }

  function draw() {
    const all = state.clients ?? [];
    const fits = seeker(search.value);
    rows = all.filter((client) => fits(client.text) && filters[show][1](client)).sort(sorts[sort][1]);
    const size = isList ? 100 : 36;
    const last = Math.max(0, Math.ceil(rows.length / size) - 1);
    page = Math.min(page, last);
    list.className = isList ? "cards list" : "cards";
    fill(look, isList ? "As pictures" : "As list");
    for (const { key, pill, amount } of pills) {
      const many = all.filter(filters[key][1]).length;
      pill.ariaPressed = String(key === show);
      pill.hidden = !many && key !== "all" && key !== show;
      fill(amount, number(many));
    }
    fill(how, search.value || show !== "all" ? `${number(rows.length)} of ${number(all.length)}` : all.length > 0 && count(all.length, "client"));
    keep(list, rows.slice(page * size, (page + 1) * size), card);
    add.hidden = tools.hidden = !all.length;
    empty.hidden = rows.length > 0 || !all.length;
    pager.hidden = !last;
    back.disabled = !page;
    onward.disabled = page === last;
    fill(where, `${number(page * size + 1)}–${number(Math.min(rows.length, (page + 1) * size))} of ${number(rows.length)}`);
    selection();
    firstSteps(all);
    const now = new URLSearchParams(Object.entries({ q: search.value, show: show === "all" ? "" : show, sort: sort === "name" ? "" : sort, page: page ? page + 1 : "" }).filter(([, value]) => value));
    const hash = `#/${now.size ? `?${now}` : ""}`;
    // Unless one is on the way elsewhere already.
    if (/^(#\/?)?(\?|$)/.test(location.hash) && (location.hash || "#/") !== hash) history.replaceState(null, "", hash);
  }

  function card({ id }) {
    const box = h("input", { type: "checkbox", ariaLabel: `Choose ${id}`, onchange: () => {
      if (box.checked) chosen.add(id);
      else chosen.delete(id);
      selection();
    } });
    const pictures = h("span.mosaic", { ariaHidden: "true" });
    const [who, what, from, age, how] = ["who-is", "hint.handle", "hint.by", "hint.age", "how"].map((look) => h(`span.${look}`));
    const element = h("li.card", h("label.pick", box), who, h("span.words", h("a.name", { href: addressOf(id) }, name(id)), what), from, pictures, age, how);
    let client;
    let drawn;
    const paint = () => {
      const { row, account } = client;
      const seen = peek(row);
      const key = JSON.stringify([seen?.asked, client.look, row, account?.account_label, !!seen?.error]);
      if (key === drawn) return;
      drawn = key;
      const handle = seen?.profile?.username ?? row.ig_username;
      fill(who, face(seen?.profile?.profile_picture_url, id));
      fill(what, handle && [h("bdi", `@${handle}`), " · "], name(client.page));
      fill(from, name(account?.account_label ?? "No account"));
      fill(age, time(seen?.at ?? row.cached_at, row.ig_account_id ? "not asked yet" : ""));
      fill(how, dot(client.look));
      const addresses = (seen?.media ?? []).map(pictureOf).filter(Boolean).slice(0, 4);
      pictures.classList.toggle("bare", !addresses.length);
      fill(pictures, addresses.length ? addresses.map(image)
        : h("span", !row.ig_account_id ? "No Instagram account on this Page" : seen?.error ? (seen.error.wait ? "Meta lets us wait: the pictures come later" : "The pictures cannot be fetched") : seen && "No pictures yet"));
    };
    element.update = (now) => {
      const isNew = client && client.row.cached_at !== now.row.cached_at;
      client = now;
      box.checked = chosen.has(id);
      paint();
      if (isNew) element.look();
    };
    element.look = async () => {
      if (!client.row.ig_account_id) return;
      await grid(client.row, { signal });
      if (!signal.aborted) paint();
    };
    eye.observe(element);
    return element;
  }

  const wanted = (what, ...given) => import("./more.js").then((file) => file[what](...given), () => toast("A part of the page could not be loaded."));
  let choosing;
  async function selection() {
    for (const id of chosen) if (!state.clients?.some((client) => client.id === id)) chosen.delete(id);
    root.classList.toggle("choosing", chosen.size > 0);
    bar.hidden = !chosen.size;
    if (chosen.size) (await (choosing ??= wanted("selection", { bar, chosen, rows: () => rows, draw, leave: () => focusOn(root.querySelector("h1")) })))?.();
  }

  function firstSteps(all) {
    steps.hidden = all.length > 1 || (all.length > 0 && localStorage.getItem("shown") !== null);
    if (!steps.hidden) wanted("drawSteps", steps, all);
  }

  addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || !root.isConnected) return;
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(target);
    if (key === "/" && !target.matches("input:not([type=checkbox]), select, textarea")) search.select();
    else if (target === search && key === "Escape" && search.value) search.value = "", afresh();
    else if (target === search && key === "ArrowDown" && links.length) links[0].focus();
    else if (at < 0) return;
    else if (key === "x") list.children[at].querySelector("input").click();
    else {
      const columns = links.filter((_, index) => list.children[index].offsetTop === list.children[0].offsetTop).length;
      const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
      if (!by) return;
      (links[Math.max(-1, Math.min(links.length - 1, at + by))] ?? search).focus();
    }
    event.preventDefault();
  }, { signal });
  async function tell() {
    const found = await trouble();
    if (found?.troubles().length) return found.drawTrouble(troubles);
    troubles.classList.remove("some");
    delete troubles.dataset.drawn;
    fill(troubles, h("p.well", found === undefined ? "Something is wrong, and what it is could not be loaded." : dot(["ok", state.health ? "All is well." : "Asking …"])));
  }
  watch("mappings tokens health", tell, signal);
  watch("mappings tokens", draw, signal);
  draw();
  await tell();

  return {
    root,
    update: (route) => {
      const now = one("show", filters, route.query) ?? show;
      if (now !== show) show = now, afresh();
      return true;
    },
  };
}

const hook = (name) => document.querySelector(`[data-${name}]`);
const main = hook("main");
const links = document.querySelectorAll("[data-view]");

const views = {
  "": ["", "clients"], clients: ["client", "clients"], feeds: ["client", "clients"], accounts: ["office", "accounts"], connect: ["office", "accounts"],
  map: ["map", "map"], keys: ["office", "keys"], activity: ["office", "activity"], system: ["office", "system"],
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

let shown, arrived, turn = 0;

function leave() {
  shown?.leave.abort();
  shown = null;
  main.replaceChildren();
}

async function go() {
  if (!state.session?.inside) return;
  const route = read();
  const [file, link] = views[route.word] ?? [];
  if (!link) return void (location.hash = "#/");
  for (const one of links) {
    one.ariaCurrent = one.dataset.view === link ? "page" : null;
    if (one.ariaCurrent) one.scrollIntoView({ block: "nearest" });
  }
  if (shown?.file === file && shown.view.update?.(route)) return;
  const mine = ++turn;
  const leaving = new AbortController();
  const waiting = setTimeout(() => mine === turn && !main.querySelector("[role=alert]") && fill(main, h("p.waiting", { role: "status" }, "One moment …")), 400);
  try {
    const [{ mount }] = await Promise.all([file ? import(`./${file}.js`) : { mount: clientsView }, known]);
    if (mine !== turn || !state.session.inside) return;
    const view = await mount(route, leaving.signal);
    if (mine !== turn) return leaving.abort();
    const first = !shown;
    leave();
    shown = { file, view, leave: leaving };
    put("place", view.title ?? view.root.ariaLabel);
    fill(main, view.root);
    if (!first) scrollTo(0, 0);
    // Who reloads has not asked to be moved.
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

let known = new Promise(() => {});
let asking;

let anew; // What changed meanwhile is not in the answer.
const ask = () => (anew = asking, asking ??= refresh().catch((error) => {
  if (error.lost || error.status === 401) return;
  if (state.mappings && state.tokens) toast(sentence(error));
  else fill(main, problem(error, ask));
}).finally(() => {
  asking = null;
  if (anew) ask();
}));

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

let trying;
const lost = () => {
  trying ??= setInterval(() => start().catch(() => {}), 3000);
  fill(hook("lost"), "Connection lost. What you typed is kept. Trying again …");
};
watch("lost", lost);
addEventListener("offline", lost);
watch("answered", () => {
  if (!trying) return;
  trying = clearInterval(trying);
  fill(hook("lost"));
  toast("Connected again.");
  say("again");
  ask();
});

let kept; // What stood there when the session ended by itself.

function enter(session) {
  const before = state.session;
  session.inside = session.signed_in || session.actor !== null;
  put("session", session);
  hook("nav").hidden = !session.inside;
  fill(hook("who"), session.inside && (session.mode === "protected" ? h("a.hint", { href: "#/system" }, "No password yet")
    : button("Sign out", signOut, { look: ".quiet" })));
  if (!session.inside) return before?.inside === false ? null : gate(session, before);
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
  const { signIn } = await import("./more.js");
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

watch("signed-out", () => state.session?.inside && enter({ actor: null }));
watch("tab-signed-out", () => state.session?.inside && out("You signed out in another tab."));
watch("tab-signed-in", () => state.session?.inside === false && start());

watch("tokens mappings health session place", async () => {
  const found = (state.session?.inside && (await trouble())?.troubles()) || [];
  fill(hook("badge"), found.length > 0 && String(found.length));
  hook("badge").className = `chip ${found[0]?.look ?? ""}`;
  document.title = `${found.length ? `(${found.length}) ` : ""}${plain(state.place ? `${state.place} · ` : "")}Meta Module`;
  const icon = found.length ? 'data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="4" fill="crimson"/></svg>' : "favicon.svg";
  if (hook("icon").getAttribute("href") !== icon) hook("icon").href = icon;
});
start().catch((error) => {
  if (error.lost) return;
  fill(main, problem(error, () => location.reload()));
  put("session", null);
});
