// What the operator looks after: the program and what it stands on, who may come in (people by a password, sites by keys),
// and what was done.
import { call, listAll, wrong } from "./api.js";
import { chip, copyButton, field, onSubmit, skeletons, sure } from "./controls.js";
import { button, fill, focusOn, h, head, hint, keep, name, problem, searchFor, time, toast } from "./dom.js";
import { addressOf, pageOf, state, tellTabs, watch } from "./store.js";
import { clock, count, folded, plain, quoted, seeker } from "./words.js";

export const mount = (route, signal) => ({ keys: keysView, activity: activityView, system: systemView })[route.word](signal, route);

const statuses = { ok: "ok", degraded: "warning", unavailable: "error" };
const looks = {
  error: ["bad", "Failing", "Something is broken."],
  warning: ["warn", "Attention", "It works, but something needs attention."],
  ok: ["ok", "Working", "Everything works."],
};
const order = Object.keys(looks);
const names = { program: "Program", database: "Database", key: "Encryption key", cache: "Cache", graph: "Meta’s Graph API" };

function systemView(signal) {
  const list = h("ul.rows.panel", { ariaLabel: "Checks" });
  const said = hint();
  const root = h("section", { ariaLabel: "System" }, head("System", said), list,
    h("section", { ariaLabel: "Admin password" }, h("h2", "Admin password"),
      h("p", state.session.mode === "protected" ? "There is no password yet, so only this machine may use this page. To open it to others, set one on the server; this page then asks for it:"
        : "It is changed on the server; that ends every session:"), command()));

  const line = () => {
    const [words, when, how] = ["words", "hint", "how"].map((look) => h(`span.${look}`));
    const element = h("li.check", words, when, how);
    element.update = ({ id, status, detail, checked_at: at }) => {
      fill(words, h("b", names[id] ?? id), h("span.hint", detail));
      fill(when, at ? ["Checked ", time(at)] : "Not asked yet");
      fill(how, chip(!at && status === "ok" ? ["off", "Not asked yet"] : looks[status]));
    };
    return element;
  };
  function draw() {
    if (!state.health) return;
    const { status, version, checks, asked } = state.health;
    const program = { id: "program", status: statuses[status], detail: `Version ${version}`, checked_at: asked };
    fill(said, looks[program.status][2]);
    keep(list, [program, ...Object.entries(checks).map(([id, check]) => ({ id, ...check }))].sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status)), line);
  }
  watch("health", draw, signal);
  draw();
  return { root, title: "System" };
}

const scopes = { read: "Read: what a site shows", metrics: "Metrics: what a monitor asks", admin: "Admin: everything" };

function keysView(signal) {
  const label = h("input", { name: "label", maxLength: 255, autocomplete: "off", placeholder: "Website" });
  const scope = h("select", { name: "scope", onchange: () => (binding.hidden = scope.value !== "read") }, Object.entries(scopes).map(([value, text]) => h("option", { value }, text)));
  const bound = h("input", { name: "client_ids", autocomplete: "off", placeholder: "client_001, client_002" });
  const binding = field("Only for clients (optional)", bound, "Their ids, divided by commas. For the key, no other client exists.");
  const fresh = h("div", { role: "status" });
  const list = h("ul.rows.panel", { ariaLabel: "Keys" }, skeletons(2, ".line-high"));
  const empty = h("p.empty", { hidden: true }, "No key yet. Each site gets one of its own, so that each can be revoked alone.");
  const trouble = h("div");
  const form = onSubmit(h("form.panel", h("div.columns", field("Label", label, "Which site or program it is for."), field("It may", scope), binding),
    h("p.row", h("button.primary", { type: "submit" }, "Make a key"))), async () => {
    const ids = bound.value.split(",").map((id) => id.trim()).filter(Boolean);
    const row = await call("POST", "apikeys/", { label: label.value, scope: scope.value, client_ids: scope.value === "read" && ids.length ? ids : undefined });
    form.reset();
    binding.hidden = false;
    const title = h("h2", `The key ${quoted(row.label)}`);
    fill(fresh, h("div.notice.stack.tight", title, h("p", "It is shown only now. Copy it to where it is needed; a lost one is replaced by a new one."),
      h("pre", { tabIndex: 0 }, row.key), h("p.row", copyButton(() => row.key, "Copy the key"), button("Done", () => (fill(fresh), label.focus())))));
    focusOn(title);
    await load();
  });
  const root = h("section", { ariaLabel: "Keys" }, head("Keys", h("p.hint", "What sites and programs ask with.")),
    state.session.mode === "protected" ? h("div.notice.stack.tight", h("p", "Set an admin password first. The first key ends the mode in which this machine needs none, and this page would then ask for a password that does not exist."), command()) : [form, fresh],
    trouble, list, empty);
  // A secret does not outlive the view.
  signal.addEventListener("abort", () => fill(fresh));

  async function load() {
    try {
      const keys = await listAll("apikeys");
      if (signal.aborted) return;
      fill(trouble);
      list.hidden = !keys.length;
      empty.hidden = keys.length > 0;
      keep(list, keys, line);
    } catch (error) {
      if (signal.aborted || error.status === 401) return;
      fill(list);
      fill(trouble, problem(error, load));
    }
  }
  function line(row) {
    const used = h("span.hint");
    const only = row.client_ids ?? [];
    const element = h("li.check", h("div.words", h("b", name(row.label)), h("span.hint", scopes[row.scope] ?? row.scope, only.length > 3 ? ` · only ${count(only.length, "client")}` : only.length > 0 && [" · only ", h("bdi", only.join(", "))])), used,
      button("Revoke", async () => {
        const next = element.nextElementSibling ?? element.previousElementSibling;
        await call("DELETE", `apikeys/${row.id}/`);
        toast(`The key ${quoted(row.label)} is revoked.`);
        await load();
        focusOn(next?.querySelector("b") ?? root.querySelector("h1"));
      }, { look: ".danger", may: sure(() => "Revoke?"), label: `Revoke ${plain(row.label)}` }));
    element.update = ({ last_used_at: at }) => fill(used, at ? ["Used ", time(at)] : "Never used");
    return element;
  }
  load();
  return { root, title: "Keys" };
}

// ---- Signing in, and what is said to those who cannot

/** `enter` hears who one is then. */
export function signIn(main, { mode, why }, before, enter) {
  // No credential exists, and this is not the machine itself.
  if (mode === "protected") {
    return fill(main, h("section.notice", { ariaLabel: "Protected mode" }, h("h1", "Protected mode"),
      h("p", "Without a password only the server itself may use this page. Set one there, then reload:"), command()));
  }
  why ??= !before ? "" : `${before.mode === "protected" ? "A password protects this page now" : "Your session has ended"}. What you typed is still there, except tokens.`;
  const password = h("input", { type: "password", name: "password", autocomplete: "current-password" });
  fill(main, h("section.sign-in", { ariaLabel: "Sign in" }, onSubmit(h("form.panel",
    h("h1", "Sign in"),
    h("p.hint", { role: "status" }, why),
    field("Admin password", password),
    h("p.row", h("button.primary", { type: "submit" }, "Sign in")),
    h("p.hint", "Forgotten? On the server: ", h("code", "metactl admin set-password"))), async () => {
    const given = password.value;
    password.value = "";
    const session = await call("POST", "session/", { password: given }).catch((error) => {
      const { status, wait, message } = error;
      if (![403, 429].includes(status)) throw error;
      // A short wait is for a place; a long one is a lock-out.
      throw wrong(["password", status === 403 || wait < 60 ? message : `Too many failed attempts. Try again after ${clock(Date.now() + wait * 1000)}.`]);
    });
    tellTabs("tab-signed-in");
    await enter(session);
    toast("Signed in.");
  })));
  password.focus();
}

function command() {
  const text = h("code", "metactl admin set-password");
  // In the demo metactl stands in no folder that a shell looks in.
  import("./command.js").then(({ metactl }) => fill(text, `${metactl} admin set-password`), () => {});
  return h("p.row", text, copyButton(() => text.textContent, "Copy", "Copy the command"));
}

// ---- Activity: the audit rows, as sentences

/** Of accounts and clients; “…” is the name. */
const says = {
  "token.add": "… was connected", "token.replace": "The token of … was replaced", "token.change": "… was changed", "token.remove": "… was deleted", "token.check": "… was checked",
  "token.refresh": "The token of … was extended", "token.expire": "The token of … has ended", "token.refused": "Meta refuses the token of …", "mapping.remove": "… was removed",
};
const alone = {
  "session.sign-in": "Somebody signed in", "session.sign-out": "Somebody signed out", "feed.add": "A feed was made", "feed.change": "A feed was changed", "feed.remove": "A feed was deleted", "session.locked-out": "An address is locked out after too many wrong passwords",
  "session.narrowed": "Too many wrong passwords: sign-ins are taken one at a time", "admin.set-password": "The admin password was set", "admin.reset": "All credentials were removed",
  "apikey.create": "A key was made", "apikey.revoke": "A key was revoked", "key.rotate": "The tokens were encrypted with a new key", "key.prune": "Old encryption keys were removed", "key.accept": "An encryption key was accepted",
};

/** [before, name, address, after] of an event; what is gone is called by its number. */
function tell({ action, subject, result }) {
  const [kind, number] = (subject ?? "").split(" ");
  const id = Number(number);
  const mapping = kind === "mapping" && state.mappings?.find((row) => row.id === id);
  const token = kind === "token" && state.tokens?.find((row) => row.id === id);
  const [what, address] = mapping ? [mapping.client_id, addressOf(mapping.client_id)] : token ? [token.account_label, `#/accounts/${id}`] : [`${kind === "token" ? "account" : "client mapping"} ${id}`];
  if (action === "mapping.sync") return mapping ? ["", what, address, ` ${result === "created" ? "was mapped to" : "is mapped anew to"} ${pageOf(mapping)}`] : [`Client mapping ${id} was made; it is gone now`];
  if (!says[action]) return [alone[action] ?? `${action.replace(/[._-]/g, " ")}${subject ? `: ${subject}` : ""}${result ? ` (${result})` : ""}`];
  const [before, after] = says[action].split("…");
  return [before, before || address ? what : what[0].toUpperCase() + what.slice(1), address, after];
}

function activityView(signal, { query }) {
  let rows = [];
  let next = 0;
  let isAsking = false;
  const search = searchFor("Search activity", { placeholder: "Client, account, who or what", value: query.get("q") ?? "", oninput: draw });
  const kind = h("select", { ariaLabel: "Show", onchange: draw }, Object.entries({ "": "Everything", mapping: "Clients", token: "Accounts", session: "Sign-ins" }).map(([value, text]) => h("option", { value }, text)));
  const list = h("ol.rows.panel", { ariaLabel: "Activity" }, skeletons(8, ".line-high"));
  const empty = h("p.empty", { hidden: true });
  const trouble = h("div");
  const more = button("Show older", () => ask(next), { more: { hidden: true } });
  const end = h("p.middle", more);
  const root = h("section", { ariaLabel: "Activity" }, head("Activity"), h("div.row.tools", h("span.searching", search), kind), trouble, list, empty, end);

  async function ask(after) {
    if (isAsking) return;
    isAsking = true;
    try {
      const answer = await call("GET", `events/?limit=50${after ? `&after=${after}` : ""}`);
      if (signal.aborted) return;
      const fresh = new Set(answer.events.map(({ id }) => id));
      rows = after ? rows.concat(answer.events) : [...answer.events, ...rows.filter(({ id }) => !fresh.has(id))];
      if (after || !next) next = answer.next ?? null;
      fill(trouble);
      draw();
    } catch (error) {
      if (signal.aborted || error.status === 401) return;
      if (!rows.length) fill(list);
      fill(trouble, problem(error, () => ask(after)));
    } finally {
      isAsking = false;
    }
  }

  function draw() {
    const fits = seeker(search.value);
    const shown = rows.map((row) => ({ row, said: tell(row) }))
      .filter(({ row, said }) => row.action.startsWith(kind.value) && fits(folded(...said, row.actor, row.action, row.address ?? "")));
    fill(list, shown.map(({ row, said: [before, what, address, after] }) => h(`li.event${/refused|locked|expire/.test(row.action) ? ".odd" : ""}`,
      h("p", before, what && (address ? h("a", { href: address }, name(what)) : h("b", name(what))), after, h("span.hint", ", by ", h("bdi", row.actor), row.address && row.actor !== "this machine" && ` from ${row.address}`)),
      h("span.hint", time(row.at)))));
    list.hidden = !shown.length;
    empty.hidden = shown.length > 0;
    fill(empty, rows.length ? "Nothing fits." : "Nothing has been changed yet.");
    more.hidden = !next;
  }

  const eye = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && next && rows.length < 2000 && ask(next), { rootMargin: "300px" });
  eye.observe(end);
  signal.addEventListener("abort", () => eye.disconnect());
  watch("newest", () => ask(0), signal);
  watch("mappings tokens", draw, signal);
  ask(0);
  return { root, title: "Activity" };
}
