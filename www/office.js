// What the operator looks after: accounts, keys, activity, the program.
import { accountState, addressOf, button, call, change, collate, count, dot, endOf, face, fill, focusOn, folded, h, head, hint, isOff, keep, listAll, name, number, pageOf, plain, quoted, reasons, say, searchFor, secondsLeft, seeker, sentence, state, time, toast, watch, wrong } from "./kit.js";
import { afterwards, attempt, chip, choice, command, copyButton, entry, field, go, menu, missingText, onSubmit, parts, showErrors, skeletons, submit, sure, termed } from "./more.js";

export const mount = (route, signal) => ({ accounts: accountsView, connect: connectView, keys: keysView, activity: activityView, system: systemView })[route.word](signal, route);

const rank = { bad: 0, warn: 1, ok: 2, off: 3 };

function accountsView(signal, route) {
  let open = route.rest[0];
  const search = searchFor("Search accounts", { placeholder: "Search account or person", oninput: draw });
  const searching = h("p.searching", search);
  const how = hint();
  const list = h("ul.rows.panel", { ariaLabel: "Accounts" });
  const empty = h("p.empty");
  const root = h("section", { ariaLabel: "Accounts" }, head("Accounts", how, go(".primary", "#/connect", "Connect an account")), searching, list, empty);

  function draw() {
    const all = state.tokens ?? [];
    const fits = seeker(search.value);
    const rows = all.filter((row) => fits(folded(row.account_label, row.user_name ?? "")))
      .sort((a, b) => rank[accountState(a)[0]] - rank[accountState(b)[0]] || collate(a.account_label, b.account_label));
    const wanting = all.filter((row) => rank[accountState(row)[0]] < 2).length;
    fill(how, search.value ? `${number(rows.length)} of ${number(all.length)}` : wanting ? `${wanting} of ${count(all.length, "account")} need attention` : all.length > 0 && count(all.length, "account"));
    searching.hidden = all.length < 6 && !search.value;
    list.hidden = !rows.length;
    empty.hidden = rows.length > 0;
    fill(empty, all.length ? "No account fits." : ["No account yet. ", h("a", { href: "#/connect" }, "Connect the first one"), "."]);
    keep(list, rows, account);
  }

  function account({ id }) {
    let row, opener, drawn;
    let force = false;
    const path = `tokens/${id}/`;
    const who = () => quoted(row.account_label);
    const ask = async (...request) => change("tokens", id, await call(...request));
    const uses = () => (state.clients ?? []).filter(({ rows }) => rows.some((one) => one.token_id === id));

    const [picture, title, how, person, left, used, why, doing, more, place] = ["span", "h2", "span", "span.hint", "span", "span.hint.used", "ul.why", "span.row.doing", "dl.served", "div"].map((one) => h(one));
    title.id = `account-${id}`;
    const rest = h("span");
    const bar = h("span.bar", { ariaHidden: "true" }, rest);
    const element = h("li.account", picture, h("div.words", h("div.row.tight", title, how), person), h("div.life", left, bar), used, doing, why, more, place);

    function edit(button, key) {
      const renames = key === "account_label";
      opener = button;
      const input = entry(key, renames ? { value: row.account_label, maxLength: 255 } : { type: "password" });
      const form = onSubmit(h("form.stack.inline", field(renames ? "New label" : "New token of the same person", input),
        h("p.row", submit("Save"), h("button", { type: "button", onclick: close }, "Cancel"))), async () => {
        const { value } = input;
        if (!renames) input.value = "";
        await ask("PATCH", path, { [key]: value });
        close();
        toast(renames ? `Renamed to ${who()}.` : `The token of ${who()} is replaced.`);
        say("refresh");
      });
      form.onkeydown = ({ key: pressed }) => void (pressed === "Escape" && close());
      fill(place, form);
      input.select();
    }
    function close() {
      fill(place);
      (opener.isConnected && opener.checkVisibility?.() !== false ? opener : element.querySelector("summary") ?? title).focus();
    }
    watch("secrets forget", () => place.querySelector("[type=password]") && fill(place), signal);

    const does = (text, heard, deed, more) => button(text, deed, { label: `${heard} ${plain(row.account_label)}`, ...more });
    const deeds = {
      replace: () => does("Replace token", "Replace the token of", (pressed) => edit(pressed, "access_token")),
      check: () => does("Check now", "Check", async () => {
        await ask("POST", `${path}check/`);
        toast(`${who()} is checked: ${accountState(row)[1].toLowerCase()}.`);
      }),
      rename: () => does("Rename", "Rename", (pressed) => edit(pressed, "account_label")),
      toggle: () => {
        const isOn = row.status === "active";
        const word = isOn ? "Disable" : "Enable";
        return (isOn || isOff(row)) && does(word, word, async () => {
          await ask("PATCH", path, { status: isOn ? "invalid" : "active" });
          toast(`${who()} is ${word.toLowerCase()}d.`);
        });
      },
      details: () => {
        const isOpen = open === String(id);
        return does(isOpen ? "Fewer details" : "Details", "Details of", () => {
          open = isOpen ? null : String(id);
          history.replaceState(null, "", isOpen ? "#/accounts" : `#/accounts/${id}`);
          draw();
          element.querySelector("summary").focus();
        });
      },
      remove: () => does("Delete", "Delete", async () => {
        await call("DELETE", path + (force ? "?force=1" : "")).catch((error) => {
          force = error.status === 409; // In use after all.
          throw error;
        });
        toast(`${who()} is deleted.`);
        // To the neighbour's name: its own Delete would be one press away.
        afterwards(element, root);
        change("tokens", id, null);
        say("refresh");
      }, { look: ".danger", may: sure(() => {
        const many = uses().length;
        force ||= many > 0;
        return force ? `Delete with ${many ? count(many, "client") : "its clients"}?` : "Delete for good?";
      }) }),
    };

    element.update = (now) => {
      row = now;
      const state = accountState(row);
      const many = uses();
      const isOpen = open === String(id);
      const key = JSON.stringify([row, state, many.length, isOpen]);
      if (key === drawn) return;
      drawn = key;
      const [look, word] = state;
      fill(picture, face(row.profile_picture, row.user_name ?? row.account_label));
      fill(title, name(row.account_label));
      fill(how, dot(state));
      fill(person, name(row.user_name ?? row.user_id), row.kind === "system_user" && " · system user");
      const ends = endOf(row);
      const days = secondsLeft(ends) / 86_400;
      const dead = look === "bad" || isOff(row);
      fill(left, dead && days > 0 ? ["Checked ", time(row.last_checked_at ?? row.created_at)] : ends ? [days > 0 ? "Ends " : "Ended ", time(ends)] : row.last_checked_at || row.scopes ? "Never ends" : "Not known when it ends");
      bar.className = `bar ${dead ? "bad" : days < 10 ? "warn" : "ok"}`;
      rest.style.inlineSize = `${dead ? 0 : Math.min(100, 3 + days * 1.6)}%`;
      fill(used, many.length ? h("a", { href: many.length === 1 ? addressOf(many[0].id) : `#/?q=${encodeURIComponent(row.account_label)}` }, count(many.length, "client")) : "No client");
      fill(why, [isOff(row) ? "Switched off here: its Pages are not listed." : reasons[row.status_reason], ...(row.warnings ?? []), ...(row.missing_scopes ?? []).map(missingText)].map((text) => text && h("li", text)));
      const had = [...doing.querySelectorAll("button, summary")].indexOf(document.activeElement);
      const wasOpen = doing.querySelector("details")?.open;
      const [first, second] = look === "bad" || word === "Ends soon" || word === "Permissions missing" ? [deeds.replace, deeds.check] : [deeds.check, deeds.replace];
      fill(doing, first(), menu(`More for ${plain(row.account_label)}`, [second, deeds.rename, deeds.toggle, deeds.details, deeds.remove].map((deed) => deed())));
      if (wasOpen && had > 0) doing.querySelector("details").open = true;
      doing.querySelectorAll("button, summary")[had]?.focus();
      more.hidden = !isOpen;
      fill(more, isOpen && [termed("Token ends", time(row.expires_at, "Not known")), termed("Data access ends", time(row.data_access_expires_at, "Not known")),
        termed("Last check", time(row.last_checked_at ?? row.created_at)),
        termed("Permissions", !row.missing_scopes ? "Not known" : row.missing_scopes.length ? `${row.missing_scopes.length} missing` : "All granted"),
        termed("Granted", (row.scopes ?? []).join(", ") || "Not known"), termed("User id", row.user_id)]);
      element.classList.toggle("here", isOpen);
    };
    return element;
  }

  const reach = () => document.getElementById(`account-${open}`)?.scrollIntoView({ block: "center" });
  watch("tokens mappings", draw, signal);
  draw();
  if (open) queueMicrotask(reach);
  return {
    root,
    update: ({ word, rest: [id] }) => {
      if (word !== "accounts") return false;
      open = id;
      draw();
      reach();
      return true;
    },
  };
}

/** A token leaves its field at once. */
function connectView(signal) {
  let token = "";
  const secret = entry("access_token", { type: "password" });
  const label = entry("account_label", { maxLength: 255, placeholder: "My Facebook Account" });
  const expires = entry("expires_at", { type: "date" });
  const card = h("div.confirm", { role: "group", ariaLabel: "Whose token it is" });
  const waiting = h("p.hint.middle", "Its owner appears here, for you to confirm.");
  const verify = submit("Verify");
  const asking = onSubmit(h("form.stack", field("Access token", secret, ["A user or system user token, from Meta’s ", h("a", { href: "https://developers.facebook.com/tools/explorer/", target: "_blank", rel: "noreferrer" }, "Graph API Explorer"), " or your app’s dashboard."]),
    field("Label", label, "How you call this account here."), h("p.row", verify)), look);
  const root = h("section", { ariaLabel: "Connect an account" }, h("p.crumb", h("a", { href: "#/accounts" }, "Accounts")), head("Connect an account", h("p.hint", "Only saving keeps the token, encrypted.")),
    h("div.panel", h("div.columns", asking, card)));

  function hold(value = "") {
    token = value;
    secret.value = "";
    secret.placeholder = token ? "Received, kept until you save" : "EAAG…";
    fill(card, waiting);
  }
  hold();
  watch("secrets forget", () => hold(), signal);
  addEventListener("pagehide", () => hold(), { signal });
  signal.addEventListener("abort", () => hold());
  // Who pastes means it.
  secret.onpaste = () => setTimeout(() => secret.value.trim() && asking.requestSubmit(verify));

  async function look() {
    hold(secret.value.trim() || token);
    const person = await call("POST", "verify-user/", { access_token: token, account_label: label.value || undefined }).catch((error) => {
      // Throttled or not answered: kept for another Verify.
      if (error.status !== 400) throw error;
      hold();
      throw error.fields.length ? error : wrong(["access_token", sentence(error)]);
    });
    if (!token || signal.aborted) return; // Session ended.
    const known = state.tokens?.find((row) => row.user_id === person.user_id);
    label.value ||= known?.account_label ?? person.user_name;
    const form = onSubmit(h("form.stack", h("div.row", { tabIndex: -1 }, face(person.profile_picture, person.user_name), h("div", h("b", name(person.user_name)), h("p.hint", `User id ${person.user_id}`))),
      h("p.hint", known ? `Already connected as ${quoted(known.account_label)}: saving replaces its token.` : "Is this the right person? Then save."),
      field("Expires on (optional)", expires, "Only where Meta cannot be asked."),
      h("p.row", submit("Save account"), h("button", { type: "button", onclick: () => (hold(), secret.focus()) }, "Start over"))), save);
    fill(card, form);
    focusOn(form.firstElementChild);
  }

  async function save() {
    const row = await call("POST", "tokens/", { access_token: token, account_label: label.value, expires_at: expires.value ? `${expires.value}T00:00:00Z` : undefined }).catch((error) => {
      if (!error.fields.some(([key]) => asking.elements[key])) throw error;
      showErrors(asking, error);
    });
    if (!row) return;
    asking.reset();
    hold();
    change("tokens", row.id, row);
    toast(`${quoted(row.account_label)} is connected.`);
    say("refresh");
    await saved(row);
  }

  async function saved(row) {
    const missing = row.missing_scopes ?? [];
    if (!missing.length && !state.mappings?.length) return void (location.hash = "#/map");
    const reach = h("p", { role: "status" }, "Asking which Pages it reaches …");
    const title = h("h2", name(row.account_label), dot(accountState(row)));
    fill(card, h("div.stack", title,
      h("p", row.expires_at ? ["The token ends ", time(row.expires_at), "."] : "It is not known when the token ends."),
      missing.length ? h("ul.why", missing.map((scope) => h("li", missingText(scope)))) : row.missing_scopes && h("p", "All permissions are granted."), reach,
      h("p.row", go(".primary", "#/map", "Map a client"), go("", "#/accounts", "All accounts"))));
    focusOn(title);
    const { pages } = await call("GET", "pages/").catch(() => ({}));
    if (signal.aborted) return;
    const mine = pages?.filter((page) => page.token_id === row.id);
    fill(reach, !mine ? "Its Pages could not be asked for." : mine.length ? `It reaches ${count(mine.length, "Page")}, ${mine.filter((page) => page.ig_account_id).length} with Instagram.` : "It reaches no Page. Were they ticked when the token was made?");
  }

  return { root };
}

const looks = {
  error: ["bad", "Failing", "Something is broken."],
  warning: ["warn", "Attention", "It works, but something needs attention."],
  ok: ["ok", "Working", "Everything works."],
};
const order = Object.keys(looks);

function systemView(signal) {
  const list = h("ul.rows.panel", { ariaLabel: "Checks" });
  const said = hint();
  const root = h("section", { ariaLabel: "System" }, head("System", said), list,
    h("section.panel", { ariaLabel: "Admin password" }, h("h2", "Admin password"),
      h("p", state.session.mode === "protected" ? "There is no password yet, so only this machine may use this page. Set one on the server to open it to others:"
        : "It is changed on the server; that ends every session:"), command()));

  const line = () => {
    const [words, when, how] = ["words", "hint", "how"].map((look) => h(`span.${look}`));
    const element = h("li.check", words, when, how);
    element.update = ({ id, status, detail, checked_at: at, idle = !at && status === "ok" }) => {
      fill(words, h("b", parts[id] ?? id), h("span.hint", !idle && detail));
      fill(when, at && ["Checked ", time(at)]);
      fill(how, chip(idle ? ["off", "Not asked yet"] : looks[status]));
    };
    return element;
  };
  function draw() {
    if (!state.health) return;
    const { version, checks, asked } = state.health;
    const rows = Object.entries({ program: { status: "ok", detail: `Version ${version}`, checked_at: asked }, ...checks })
      .map(([id, check]) => ({ id, ...check })).sort((a, b) => order.indexOf(a.status) - order.indexOf(b.status));
    fill(said, looks[rows[0].status][2]);
    keep(list, rows, line);
  }
  watch("health", draw, signal);
  draw();
  return { root };
}

const scopes = { read: "Read: what a site shows", metrics: "Metrics: what a monitor asks", admin: "Admin: everything" };

function keysView(signal) {
  const label = entry("label", { maxLength: 255, placeholder: "Website" });
  const scope = choice(scopes, { name: "scope", onchange: () => (binding.hidden = scope.value !== "read") });
  const bound = entry("client_ids", { placeholder: "client_001, client_002" });
  const binding = field("Only for clients (optional)", bound, "Their ids, divided by commas. For the key, no other client exists.");
  const fresh = h("div", { role: "status" });
  const list = h("ul.rows.panel", { ariaLabel: "Keys" }, skeletons(2, ".line-high"));
  const empty = h("p.empty", { hidden: true }, "No key yet. Each site gets one of its own, so that each can be revoked alone.");
  const trouble = h("div");
  const form = onSubmit(h("form.panel", h("div.columns", field("Label", label, "Which site or program it is for."), field("It may", scope), binding),
    h("p.row", submit("Make a key"))), async () => {
    const ids = bound.value.split(",").map((id) => id.trim()).filter(Boolean);
    const row = await call("POST", "apikeys/", { label: label.value, scope: scope.value, client_ids: scope.value === "read" && ids.length ? ids : undefined });
    form.reset();
    binding.hidden = false;
    const title = h("h2", `The key ${quoted(row.label)}`);
    fill(fresh, h("div.notice.stack.tight", title, h("p", "It is shown only now. Copy it to where it is needed."),
      h("pre", { tabIndex: 0 }, row.key), h("p.row", copyButton(() => row.key, "Copy the key"), button("Done", () => (fill(fresh), label.focus())))));
    focusOn(title);
    await load();
  });
  const root = h("section", { ariaLabel: "Keys" }, head("Keys", h("p.hint", "What sites and programs ask with.")),
    state.session.mode === "protected" ? h("div.notice.stack.tight", h("p", "Set an admin password first. Once there is a key, this page asks for one."), command()) : [form, fresh],
    trouble, list, empty);
  // A secret does not outlive the view.
  signal.addEventListener("abort", () => fill(fresh));

  const load = () => attempt(trouble, signal, () => listAll("apikeys"), (keys) => {
    list.hidden = !keys.length;
    empty.hidden = keys.length > 0;
    keep(list, keys, line);
  }, () => fill(list));
  function line(row) {
    const used = h("span.hint");
    const only = row.client_ids ?? [];
    const element = h("li.check", h("div.words", h("b", name(row.label)), h("span.hint", scopes[row.scope] ?? row.scope, only.length > 3 ? ` · only ${count(only.length, "client")}` : only.length > 0 && [" · only ", h("bdi", only.join(", "))])), used,
      button("Revoke", async () => {
        await call("DELETE", `apikeys/${row.id}/`);
        toast(`The key ${quoted(row.label)} is revoked.`);
        afterwards(element, root);
        await load();
      }, { look: ".danger", may: sure(() => "Revoke?"), label: `Revoke ${plain(row.label)}` }));
    element.update = ({ last_used_at: at }) => fill(used, at ? ["Used ", time(at)] : "Never used");
    return element;
  }
  watch("again newest", load, signal);
  load();
  return { root };
}

const says = {
  "token.add": "… was connected", "token.replace": "The token of … was replaced", "token.change": "… was changed", "token.remove": "… was deleted", "token.check": "… was checked",
  "token.refresh": "The token of … was extended", "token.expire": "The token of … has ended", "token.refused": "Meta refuses the token of …", "mapping.remove": "… was removed",
  "session.sign-in": "Somebody signed in", "session.sign-out": "Somebody signed out", "feed.add": "A feed was made", "feed.change": "A feed was changed", "feed.remove": "A feed was deleted", "session.locked-out": "An address is locked out after too many wrong passwords",
  "session.narrowed": "Too many wrong passwords: sign-ins are taken one at a time", "admin.set-password": "The admin password was set", "admin.reset": "All credentials were removed",
  "apikey.create": "A key was made", "apikey.revoke": "A key was revoked", "key.rotate": "The tokens were encrypted with a new key", "key.prune": "Old encryption keys were removed", "key.accept": "An encryption key was accepted",
};

/** [before, name, address, after] */
function tell({ action, subject, result }) {
  const [kind, number] = (subject ?? "").split(" ");
  const id = Number(number);
  const mapping = kind === "mapping" && state.mappings?.find((row) => row.id === id);
  const token = kind === "token" && state.tokens?.find((row) => row.id === id);
  const [what, address] = mapping ? [mapping.client_id, addressOf(mapping.client_id)] : token ? [token.account_label, `#/accounts/${id}`] : [`${kind === "token" ? "account" : "client mapping"} ${id}`];
  if (action === "mapping.sync") return mapping ? ["", what, address, ` ${result === "created" ? "was mapped to" : "is mapped anew to"} ${pageOf(mapping)}`] : [`Client mapping ${id} was made; it is gone now`];
  const text = says[action];
  if (!text?.includes("…")) return [text ?? `${action.replace(/[._-]/g, " ")}${subject ? `: ${subject}` : ""}${result ? ` (${result})` : ""}`];
  const [before, after] = text.split("…");
  return [before, before || address ? what : what[0].toUpperCase() + what.slice(1), address, after];
}

function activityView(signal, { query }) {
  let [rows, next, isAsking] = [[], 0, false];
  const search = searchFor("Search activity", { placeholder: "Client, account, who or what", value: query.get("q") ?? "", oninput: draw });
  const kind = choice({ "": "Everything", mapping: "Clients", token: "Accounts", session: "Sign-ins" }, { ariaLabel: "Show", onchange: draw });
  const list = h("ol.rows.panel", { ariaLabel: "Activity" }, skeletons(8, ".line-high"));
  const empty = h("p.empty", { hidden: true });
  const trouble = h("div");
  const more = button("Show older", () => ask(next), { more: { hidden: true } });
  const end = h("p.middle", more);
  const root = h("section", { ariaLabel: "Activity" }, head("Activity"), h("div.row.tools", h("span.searching", search), kind), trouble, list, empty, end);

  async function ask(after) {
    if (isAsking) return;
    isAsking = true;
    await attempt(trouble, signal, () => call("GET", `events/?limit=50${after ? `&after=${after}` : ""}`), ({ events, next: further = null }) => {
      const fresh = new Set(events.map(({ id }) => id));
      rows = after ? rows.concat(events) : [...events, ...rows.filter(({ id }) => !fresh.has(id))];
      if (after || !next) next = further;
      draw();
    }, () => rows.length || fill(list));
    isAsking = false;
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
  return { root };
}
