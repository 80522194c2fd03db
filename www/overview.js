// The clients: what each one's site shows, and how each one is.
import { fill, focusOn, h, keep } from "./dom.js";
import { grid, peek, pictureOf } from "./grids.js";
import { button, dot, face, head, image, moreStyles, name, time } from "./parts.js";
import { addressOf, state, watch } from "./store.js";
import { troubleList } from "./trouble.js";
import { collate, count, number, seeker } from "./words.js";

const isTrouble = ({ look: [look] }) => look === "bad" || look === "warn";
const filters = {
  all: ["All", () => true],
  trouble: ["Trouble", isTrouble],
  stale: ["Stale", ({ look: [, word] }) => word === "Stale"],
  none: ["No Instagram", ({ row }) => !row.ig_account_id],
};
const rank = { bad: 0, warn: 1, off: 2, ok: 3 };
const sorts = {
  name: ["Name", (a, b) => collate(a.id, b.id)],
  trouble: ["Trouble first", (a, b) => rank[a.look[0]] - rank[b.look[0]] || collate(a.id, b.id)],
  newest: ["Changed last", (a, b) => (a.row.updated_at < b.row.updated_at ? 1 : a.row.updated_at > b.row.updated_at ? -1 : collate(a.id, b.id))],
  account: ["Account", (a, b) => collate(a.account?.account_label ?? "", b.account?.account_label ?? "") || collate(a.id, b.id)],
};

const remembered = (key) => localStorage.getItem(key);

export async function mount(route, signal) {
  let show = filters[route.query.get("show")] ? route.query.get("show") : "all";
  let sort = sorts[route.query.get("sort")] ? route.query.get("sort") : "name";
  let page = Math.max(0, Number(route.query.get("page")) - 1 || 0);
  let isList = remembered("clients") === "list";
  const chosen = new Set();
  if (isList) await moreStyles();

  const search = h("input", { type: "search", ariaLabel: "Search clients", placeholder: "Search client, Page, @handle, account", value: route.query.get("q") ?? "", autocomplete: "off" });
  const hint = h("p.hint", { role: "status" });
  const pills = Object.entries(filters).map(([key, [label]]) => {
    const amount = h("span.amount");
    const pill = h("button.pill", { type: "button", onclick: () => ((show = key), (page = 0), draw()) }, label, amount);
    return { key, pill, amount };
  });
  const sorter = h("select", { ariaLabel: "Sort by", onchange: () => ((sort = sorter.value), (page = 0), draw()) },
    Object.entries(sorts).map(([value, [label]]) => h("option", { value, selected: value === sort }, label)));
  const look = h("button.pill", { type: "button", onclick: async () => {
    await moreStyles();
    isList = !isList;
    localStorage.setItem("clients", isList ? "list" : "grid");
    page = 0;
    draw();
  } });
  const list = h("ul.cards", { ariaLabel: "Clients" });
  const empty = h("p.empty", { hidden: true });
  const pager = h("nav.row.pager", { ariaLabel: "Pages of the list", hidden: true });
  const bar = h("div.row.selection", { role: "region", ariaLabel: "Selection", hidden: true });
  const steps = h("ol.steps", { ariaLabel: "First steps", hidden: true });
  const tools = h("div.row.tools", h("span.searching", search, h("kbd", { ariaHidden: "true" }, "/")), h("div.scroll", { role: "group", ariaLabel: "Show" }, pills.map(({ pill }) => pill), h("span.end", sorter, look)));
  const title = head("Clients", null, h("a.button.primary", { href: "#/map" }, "Add clients"));
  title.firstElementChild.append(hint);
  const root = h("section", { ariaLabel: "Clients" }, title, troubleList(signal), steps, tools, list, empty, pager, bar);

  const eye = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) target.look();
  }, { rootMargin: "200px" });
  signal.addEventListener("abort", () => eye.disconnect());

  const found = () => {
    const fits = seeker(search.value);
    return (state.clients ?? []).filter((client) => fits(client.text) && filters[show][1](client)).sort(sorts[sort][1]);
  };
  let rows = [];

  function draw() {
    const all = state.clients ?? [];
    rows = found();
    const size = isList ? 100 : 36;
    page = Math.min(page, Math.max(0, Math.ceil(rows.length / size) - 1));
    const part = rows.slice(page * size, (page + 1) * size);
    list.className = isList ? "cards list" : "cards";
    set(look, isList);
    for (const { key, pill, amount } of pills) {
      const many = all.filter(filters[key][1]).length;
      pill.ariaPressed = String(key === show);
      pill.hidden = !many && key !== "all" && key !== show;
      fill(amount, number(many));
    }
    fill(hint, search.value || show !== "all" ? `${number(rows.length)} of ${number(all.length)}` : count(all.length, "client"));
    keep(list, part, card);
    tools.hidden = !all.length;
    empty.hidden = rows.length > 0 || !all.length;
    fill(empty, "No client fits. ", button("Show all", () => {
      search.value = "";
      show = "all";
      draw();
    }));
    pages(size);
    selection();
    drawSteps(all);
    const query = new URLSearchParams();
    if (search.value) query.set("q", search.value);
    if (show !== "all") query.set("show", show);
    if (sort !== "name") query.set("sort", sort);
    if (page) query.set("page", page + 1);
    const hash = `#/${query.size ? `?${query}` : ""}`;
    // Unless one is on the way elsewhere already.
    if (/^(#\/?)?(\?|$)/.test(location.hash) && location.hash !== hash && (location.hash || hash !== "#/")) history.replaceState(null, "", hash);
  }

  function set(element, list) {
    fill(element, list ? "As pictures" : "As list");
  }

  function pages(size) {
    const last = Math.ceil(rows.length / size) - 1;
    pager.hidden = last < 1;
    if (last < 1) return;
    const step = (label, by) => button(label, () => {
      page += by;
      draw();
      scrollTo(0, 0);
      focusOn(list.querySelector("a") ?? list);
    }, { more: { disabled: page + by < 0 || page + by > last } });
    fill(pager, step("Back", -1), h("span.hint", `${number(page * size + 1)}–${number(Math.min(rows.length, (page + 1) * size))} of ${number(rows.length)}`), step("Next", 1));
  }

  // ---- A card

  function card({ id }) {
    const box = h("input", { type: "checkbox", ariaLabel: `Choose ${id}`, onchange: () => {
      if (box.checked) chosen.add(id);
      else chosen.delete(id);
      element.classList.toggle("chosen", box.checked);
      selection();
    } });
    const link = h("a.name", { href: addressOf(id) }, name(id));
    const pictures = h("span.mosaic", { ariaHidden: "true" });
    const who = h("span.who-is");
    const what = h("span.hint.handle");
    const from = h("span.hint.by");
    const age = h("span.hint.age");
    const how = h("span.how");
    const element = h("li.card", pictures, h("span.pick", box), who, h("span.words", link, what), from, age, how);
    let client;
    let drawn;
    const paint = () => {
      const { row } = client;
      const seen = peek(row);
      const handle = seen?.profile?.username ?? row.ig_username;
      const key = JSON.stringify([seen?.asked, client.look, row, client.account?.account_label, !!seen?.error]);
      if (key === drawn) return;
      drawn = key;
      fill(who, face(seen?.profile?.profile_picture_url, id));
      fill(what, handle ? [h("bdi", `@${handle}`), " · "] : null, name(row.fb_page_name ?? row.fb_page_id));
      fill(from, name(client.account?.account_label ?? "No account"));
      fill(age, time(seen?.at ?? row.cached_at, row.ig_account_id ? "not asked yet" : ""));
      fill(how, dot(client.look));
      const addresses = (seen?.media ?? []).map(pictureOf).filter(Boolean).slice(0, 4);
      pictures.classList.toggle("bare", !addresses.length);
      fill(pictures, addresses.length ? addresses.map(image)
        : h("span", !row.ig_account_id ? "No Instagram account on this Page" : seen?.error ? "The pictures cannot be fetched" : seen ? "No pictures yet" : ""));
    };
    element.update = (now) => {
      const isNew = client && client.row.cached_at !== now.row.cached_at;
      client = now;
      box.checked = chosen.has(id);
      paint();
      if (isNew) element.look(); // Fetched anew, maybe by another.
    };
    element.look = async () => {
      if (!client.row.ig_account_id) return;
      await grid(client.row, { signal });
      if (!signal.aborted) paint();
    };
    eye.observe(element);
    return element;
  }

  // ---- What is loaded when it is wanted: several at once, and an installation that is new

  let choosing;
  async function selection() {
    for (const id of chosen) if (!state.clients?.some((client) => client.id === id)) chosen.delete(id);
    root.classList.toggle("choosing", chosen.size > 0);
    if (chosen.size) choosing ??= (await Promise.all([import("./sometimes.js"), moreStyles()]))[0].selection({ bar, chosen, rows: () => rows, draw, leave: () => focusOn(title.querySelector("h1")) });
    bar.hidden = !chosen.size;
    if (chosen.size) choosing();
  }

  let stepping;
  async function drawSteps(all) {
    steps.hidden = all.length > 1 || (all.length > 0 && remembered("shown") !== null);
    if (steps.hidden) return;
    stepping ??= (await Promise.all([import("./sometimes.js"), moreStyles()]))[0].drawSteps;
    stepping(steps, all);
  }

  // ---- Keys

  document.addEventListener("keydown", (event) => {
    const { key, target, ctrlKey, metaKey, altKey } = event;
    if (ctrlKey || metaKey || altKey || !root.isConnected) return;
    const isTyping = target.matches("input:not([type=checkbox]), select, textarea");
    if (key === "/" && !isTyping) {
      event.preventDefault();
      return search.select();
    }
    if (target === search && key === "Escape" && search.value) {
      search.value = "";
      return draw();
    }
    const links = [...list.querySelectorAll("a")];
    const at = links.indexOf(target);
    if (target === search && key === "ArrowDown" && links.length) {
      event.preventDefault();
      return links[0].focus();
    }
    if (at < 0) return;
    if (key === "x") return list.children[at].querySelector("input").click();
    const tops = [...list.children].map((one) => one.offsetTop);
    const columns = Math.max(1, tops.filter((top) => top === tops[0]).length);
    const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }[key];
    if (!by) return;
    event.preventDefault();
    if (at + by < 0) return search.focus();
    links[Math.min(links.length - 1, at + by)].focus();
  }, { signal });
  search.oninput = () => {
    page = 0;
    draw();
  };
  watch("mappings tokens", draw, signal);
  draw();

  return {
    root, title: "Clients",
    update: ({ query }) => {
      if (query.get("show") && query.get("show") !== show) {
        show = filters[query.get("show")] ? query.get("show") : "all";
        draw();
      }
      return true;
    },
  };
}
