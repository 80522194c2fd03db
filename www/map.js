// Which Page belongs to which client.
import { addressOf, button, call, clientOf, count, dot, face, fill, folded, h, head, hint, name, number, quoted, refresh, say, seeker, state, toast, watch, wrong } from "./kit.js";
import { attempt, chip, entry, field, fourAtATime, onSubmit, skeletons, submit } from "./more.js";

const keyOf = (page) => `${page.token_id}:${page.fb_page_id}`;
const active = () => (state.tokens ?? []).filter(({ status }) => status === "active");

export function mount(route, signal) {
  let pages;
  let fitting = [];
  let chosen;
  let asked;
  let takers = new Map();

  const client = entry("client_id", { maxLength: 128, placeholder: "client_001", value: route.query.get("client") ?? "" });
  const account = h("select", { onchange: sift }, h("option", { value: "" }, "All accounts"));
  const search = entry("", { type: "search", placeholder: "Name or id", oninput: sift });
  const onlyInstagram = h("input", { type: "checkbox", onchange: sift });
  const found = hint();
  const warnings = h("ul.warnings");
  const none = h("p.empty", { hidden: true });
  const trouble = h("div");
  const effect = h("p.notice.slim", { role: "status", hidden: true });
  const saving = submit("Save");
  const picked = h("bdi.hint");
  const pick = virtualList("Pages", 60, option, (page) => {
    chosen = page;
    tell();
  }, signal);
  pick.root.id = "pages";
  // The choice's own field, so that what is wrong with it is said there.
  const choice = h("input.unseen", { name: "fb_page_id", tabIndex: -1, ariaLabel: "Page", readOnly: true });
  choice.onfocus = () => pick.root.focus();

  const form = onSubmit(h("form.panel",
    h("div.columns", field("Client id", client, "The name by which your site asks for it."), field("Find a Page", search), field("Account", account)),
    h("div.stack.tight", h("div.row", h("b", "Page"), h("label.row.check", onlyInstagram, "Only with Instagram"), found, h("span.end", button("Ask Meta again", () => load(), { look: ".quiet" }))),
      warnings, trouble, pick.root, none, choice),
    effect, h("p.row", saving, picked)), save);
  const many = several(() => pages);
  const root = h("section", { ariaLabel: "Map a client" }, head("Map a client", h("p.hint", "Say which Page belongs to a client of yours.")), form,
    h("details.panel.several", { open: route.rest[0] === "list" }, h("summary", "Several at once, from a list"), many.root));

  function option(page) {
    const theirs = takers.get(page.fb_page_id) ?? [];
    return [face(page.fb_page_picture, page.fb_page_name), h("span.words", name(page.fb_page_name), h("span.hint", h("bdi", page.account_label), ` · ${page.fb_page_id}`)),
      h("span.row.marks", theirs.length ? h("span.chip.off", { title: theirs.join(", ") }, "Shown by ", h("bdi", theirs.length > 1 ? count(theirs.length, "client") : theirs[0])) : null,
        chip(page.ig_account_id ? ["ok", "Instagram"] : ["off", "No Instagram"]))];
  }

  let turn = 0;
  async function load() {
    const mine = ++turn;
    asked = String(active().map(({ id }) => id));
    pages ?? pick.wait(true);
    await attempt(trouble, signal, () => (asked ? call("GET", "pages/") : { pages: [] }), (answer) => {
      if (mine !== turn) return;
      for (const page of answer.pages) page.text = folded(page.fb_page_name, page.fb_page_id, page.account_label);
      pages = answer.pages;
      fill(warnings, (answer.warnings ?? []).map(({ account_label: label, detail }) => h("li", `The Pages of ${quoted(label)} are not in this list: ${detail}.`)));
      sift();
      many.look();
      if (asked) say("refresh"); // A token may be dead.
    });
    if (mine === turn) pick.wait(false);
  }

  function sift() {
    if (!pages) return;
    const fits = seeker(search.value);
    fitting = pages.filter((page) => fits(page.text) && (!account.value || String(page.token_id) === account.value) && (!onlyInstagram.checked || page.ig_account_id));
    // A choice that nobody sees is none.
    if (chosen && !fitting.some((page) => keyOf(page) === keyOf(chosen))) chosen = null;
    pick.show(fitting, chosen && fitting.findIndex((page) => keyOf(page) === keyOf(chosen)));
    fill(found, fitting.length === pages.length ? count(pages.length, "Page") : `${number(fitting.length)} of ${number(pages.length)}`);
    none.hidden = fitting.length > 0;
    pick.root.hidden = !fitting.length;
    fill(none, pages.length ? "No Page fits the filter." : asked ? "Meta lists no Page for these accounts. Were they ticked when the token was made?"
      : ["Connect an account first: its Pages appear here. ", h("a", { href: "#/connect" }, "Connect an account")]);
    tell();
  }

  function tell() {
    choice.value = chosen?.fb_page_id ?? "";
    fill(picked, chosen ? chosen.fb_page_name + (chosen.ig_account_id ? "" : " (has no Instagram account)") : "No Page chosen yet.");
    const now = clientOf(client.value.trim());
    const same = now && chosen && now.row.fb_page_id === chosen.fb_page_id;
    const takes = chosen?.ig_account_id || !now?.row.ig_account_id;
    const shows = now && `${quoted(now.id)} shows ${quoted(now.page)} now`;
    const text = !now ? "" : !chosen ? `${shows}. Another Page will change its live site.`
      : same ? `${quoted(now.id)} shows this Page already; saving renews how it is reached.`
      : takes ? `This changes the live site: ${shows}, and ${quoted(chosen.fb_page_name)} once it is saved.`
      : `${quoted(now.id)} goes on showing ${quoted(now.page)}: the Page chosen has no Instagram account.`;
    effect.hidden = !text;
    fill(effect, text);
    fill(saving, now && chosen && !same && takes ? "Change the live site" : "Save");
  }

  async function save() {
    const id = client.value.trim();
    const missing = [!id && ["client_id", "This field may not be blank."], !chosen && ["fb_page_id", "Choose a Page."]].filter(Boolean);
    if (missing.length) throw wrong(...missing);
    const before = clientOf(id);
    const { fb_page_id, token_id, fb_page_name } = chosen;
    const { created } = await call("POST", "sync/", { client_id: id, fb_page_id, token_id });
    toast(before && before.row.fb_page_id !== fb_page_id ? `Changed: ${quoted(id)} shows ${quoted(fb_page_name)} now.` : `${created ? "Created" : "Updated"}: ${quoted(id)} shows ${quoted(fb_page_name)}.`);
    await refresh();
    if (!signal.aborted) location.hash = addressOf(id);
  }

  function accounts() {
    const before = account.value;
    account.replaceChildren(account.options[0], ...active().map(({ id, account_label: label }) => h("option", { value: id }, label)));
    account.value = before;
    if (account.selectedIndex < 0) account.value = "";
    if (asked !== String(active().map(({ id }) => id))) load();
  }
  function taken() {
    takers = new Map();
    for (const { id, row } of state.clients ?? []) takers.set(row.fb_page_id, [...takers.get(row.fb_page_id) ?? [], id]);
    if (pages) sift();
  }
  client.oninput = tell;
  search.onkeydown = (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      pick.root.focus();
    }
    // Enter in the search would send the form.
    if (event.key === "Enter") event.preventDefault();
  };
  watch("tokens", accounts, signal);
  watch("mappings", taken, signal);
  taken();
  accounts();
  if (client.value) tell();
  return { root };
}

function linesOf(text) {
  const lines = [];
  let cells = [];
  let [number, next] = [1, 1];
  for (const [all, quoted, bare, end] of text.replace(/\r\n?/g, "\n").matchAll(/[^\S\t\n]*(?:"((?:[^"]|"")*)"|([^,;\t\n]*))[^\S\t\n]*([,;\t\n]|$)/g)) {
    cells.push((quoted?.replaceAll('""', '"') ?? bare).trim());
    next += all.split("\n").length - 1;
    if (end && end !== "\n") continue;
    const [client, page = ""] = cells;
    if ((client || page) && !(number === 1 && /^client([ _]?id)?$/i.test(client) && /page/i.test(page))) lines.push({ number, client, page });
    cells = [];
    number = next;
  }
  return lines;
}

function several(pagesOf) {
  const text = h("textarea", { rows: 6, spellcheck: false, placeholder: "client_001, Olive House\nclient_002, 104567890123" });
  const table = h("tbody");
  const rest = h("p.hint");
  const summary = h("p", { role: "status" });
  const doing = h("p.row");
  const box = h("div.scroller", { hidden: true, tabIndex: 0, role: "region", ariaLabel: "What fits and what does not" },
    h("table", h("thead", h("tr", ["Line", "Client", "Page", "What happens"].map((text) => h("th", text)))), table), rest);
  let plans = [];

  function plan(line, byName, byID, seen) {
    const { client, page: wanted } = line;
    const is = (look, word, page) => ({ ...line, page, wanted, look, word, ready: look !== "bad" && look !== "off" });
    if (!client || client.length > 128 || /[/\p{Cc}]/u.test(client) || client === "." || client === "..") return is("bad", client ? "This is no client id" : "No client id");
    if (!wanted) return is("bad", "No Page");
    if (seen.has(client)) return is("bad", "This client stands in the list twice");
    seen.add(client);
    const fits = byID.get(wanted) ?? byName.get(folded(wanted)) ?? [];
    const ids = new Set(fits.map((page) => page.fb_page_id));
    if (!fits.length) return is("bad", "No such Page");
    if (ids.size > 1) return is("bad", `${ids.size} Pages have this name: use the id`);
    const page = fits[0];
    const now = clientOf(client);
    if (now?.row.fb_page_id === page.fb_page_id) return is("off", "Already so", page);
    if (!page.ig_account_id) return is("warn", now?.row.ig_account_id ? "Changes nothing on the site: no Instagram" : "Has no Instagram account", page);
    return now ? is("warn", `Changes the live site from ${quoted(now.page)}`, page) : is("ok", "New", page);
  }

  function look() {
    const pages = pagesOf();
    const lines = linesOf(text.value);
    box.hidden = !lines.length || !pages;
    if (!pages) return fill(summary, text.value ? "The Pages are not known yet." : "");
    const byName = Map.groupBy(pages, (page) => folded(page.fb_page_name));
    const byID = Map.groupBy(pages, (page) => page.fb_page_id);
    const seen = new Set();
    plans = lines.map((line) => plan(line, byName, byID, seen));
    draw();
  }

  function draw() {
    const order = { bad: 0, warn: 1, ok: 2, off: 3 };
    const sorted = [...plans].sort((a, b) => order[a.look] - order[b.look] || a.number - b.number);
    fill(table, sorted.slice(0, 200).map(({ number: line, client, page, wanted, look: kind, word }) => h("tr", [line, name(client), name(page?.fb_page_name ?? wanted), dot([kind, word])].map((cell) => h("td", cell)))));
    fill(rest, sorted.length > 200 && `and ${number(sorted.length - 200)} more lines`);
    const ready = plans.filter((one) => one.ready);
    const bad = plans.filter(({ look: kind }) => kind === "bad").length;
    const live = ready.filter(({ word }) => word.startsWith("Changes the")).length;
    fill(summary, plans.length ? `${number(ready.length)} of ${count(plans.length, "line")} can be saved${bad ? `, ${number(bad)} cannot` : ""}${live ? `; ${count(live, "live site changes", "live sites change")}` : ""}.` : "");
    fill(doing, ready.length > 0 && button(`Save ${count(ready.length, "client")}`, run, { look: ".primary" }));
  }

  async function run() {
    const all = plans.filter((one) => one.ready);
    let saved = 0;
    await fourAtATime(all, (one) => call("POST", "sync/", { client_id: one.client, fb_page_id: one.page.fb_page_id, token_id: one.page.token_id }).then(
      () => ++saved && Object.assign(one, { look: "off", word: "Saved", ready: false }),
      ({ message }) => Object.assign(one, { look: "bad", word: message, ready: false })), (text) => fill(summary, text));
    draw();
    toast(`${count(saved, "client")} saved${saved < all.length ? `, ${number(all.length - saved)} refused` : ""}.`);
  }
  text.oninput = look;
  return { look, root: h("div.stack", h("p.hint", "One client on each line: its id, and the name or the id of its Page."), field("List", text), summary, box, doing) };
}

let lists = 0;

/** Only what is seen is drawn. */
function virtualList(label, height, content, choose, signal) {
  const own = `list-${++lists}`;
  const field = h("ul.field-of-lines", { role: "presentation" });
  const root = h("div.scroller.virtual", { role: "listbox", tabIndex: 0, ariaLabel: label }, field);
  let rows = [];
  let at = -1;
  let chosen = -1;
  let drawn = "";

  function draw(anew) {
    const first = Math.max(0, Math.floor(root.scrollTop / height) - 6);
    const last = Math.min(rows.length, first + Math.ceil((root.clientHeight || 420) / height) + 12);
    const key = `${first} ${last} ${at} ${chosen}`;
    if (!anew && key === drawn) return;
    drawn = key;
    field.style.height = `${rows.length * height}px`;
    fill(field, rows.slice(first, last).map((row, offset) => {
      const index = first + offset;
      const element = h("li.line", { role: "option", id: `${own}-${index}`, ariaSelected: String(index === chosen), ariaSetSize: String(rows.length), ariaPosInSet: String(index + 1) }, content(row));
      element.classList.toggle("at", index === at);
      element.style.top = `${index * height}px`;
      element.onclick = () => go(index, true);
      return element;
    }));
    if (at >= first && at < last) root.setAttribute("aria-activedescendant", `${own}-${at}`);
    else root.removeAttribute("aria-activedescendant");
  }

  function go(index, takes) {
    at = Math.max(0, Math.min(rows.length - 1, index));
    if (takes) chosen = at;
    const top = at * height;
    if (top < root.scrollTop) root.scrollTop = top;
    else if (top + height > root.scrollTop + root.clientHeight) root.scrollTop = top + height - root.clientHeight;
    draw();
    if (takes) choose(rows[chosen]);
  }

  root.onscroll = () => draw();
  root.onkeydown = (event) => {
    const page = Math.max(1, Math.floor(root.clientHeight / height) - 1);
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page, Home: -rows.length, End: rows.length }[event.key];
    if (by) go(Math.max(at, by > 1 ? 0 : -1) + by, true);
    else if (event.key === " ") go(Math.max(at, 0), true);
    else if (event.key === "Enter") {
      if (chosen < 0) go(Math.max(at, 0), true);
      root.closest("form")?.requestSubmit();
    } else return;
    event.preventDefault();
  };
  const size = new ResizeObserver(() => draw(true));
  size.observe(root);
  signal.addEventListener("abort", () => size.disconnect());

  return {
    root,
    show(now, index) {
      rows = now;
      chosen = index ?? -1;
      at = chosen;
      root.scrollTop = chosen < 0 ? 0 : root.scrollTop;
      root.removeAttribute("aria-busy");
      draw(true);
    },
    wait(isWaiting) {
      if (isWaiting) {
        root.ariaBusy = "true";
        fill(field, skeletons(5, ".line-high"));
      } else if (root.ariaBusy) {
        root.ariaBusy = null;
        draw(true);
      }
    },
  };
}
