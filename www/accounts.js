// Accounts: what each token can still do, what depends on it, and what one can do to it; worst first. And connecting one.
import { call, wrong } from "./api.js";
import { field, menu, onSubmit, showErrors, sure } from "./controls.js";
import { button, dot, face, fill, focusOn, h, head, hint, keep, name, searchFor, time, toast } from "./dom.js";
import { accountState, addressOf, change, endOf, isOff, say, state, watch } from "./store.js";
import { missingText } from "./trouble.js";
import { collate, count, folded, number, plain, quoted, reasons, secondsLeft, seeker, sentence } from "./words.js";

export const mount = (route, signal) => (route.word === "connect" ? connectView(signal) : accountsView(route, signal));

const rank = { bad: 0, warn: 1, ok: 2, off: 3 };

function accountsView(route, signal) {
  let open = route.rest[0]; // The account whose address this is.
  const search = searchFor("Search accounts", { placeholder: "Search account or person", oninput: draw });
  const searching = h("p.searching", search);
  const how = hint();
  const list = h("ul.rows.panel", { ariaLabel: "Accounts" });
  const empty = h("p.empty", "No account yet. ", h("a", { href: "#/connect" }, "Connect the first one"), ".");
  const none = h("p.empty", "No account fits.");
  const root = h("section", { ariaLabel: "Accounts" }, head("Accounts", how, h("a.button.primary", { href: "#/connect" }, "Connect an account")), searching, list, empty, none);

  function draw() {
    const all = state.tokens ?? [];
    const fits = seeker(search.value);
    const rows = all.filter((row) => fits(folded(row.account_label, row.user_name ?? "")))
      .sort((a, b) => rank[accountState(a)[0]] - rank[accountState(b)[0]] || collate(a.account_label, b.account_label));
    const wanting = all.filter((row) => rank[accountState(row)[0]] < 2).length;
    fill(how, search.value ? `${number(rows.length)} of ${number(all.length)}` : wanting ? `${wanting} of ${count(all.length, "account")} need attention` : all.length > 0 && count(all.length, "account"));
    searching.hidden = all.length < 6 && !search.value;
    list.hidden = !rows.length;
    empty.hidden = all.length > 0;
    none.hidden = rows.length > 0 || !all.length;
    keep(list, rows, account);
  }

  function account({ id }) {
    let row;
    let opener;
    const path = `tokens/${id}/`;
    const who = () => quoted(row.account_label);
    const heard = (what) => `${what} ${plain(row.account_label)}`;
    const ask = async (...request) => change("tokens", id, await call(...request));
    const uses = () => (state.clients ?? []).filter(({ rows }) => rows.some((one) => one.token_id === id));
    let force = false;

    const [picture, title, how, person, left, used, why, doing, more, place] = ["span", "h2", "span", "span.hint", "span", "span.hint.used", "ul.why", "span.row.doing", "dl.served", "div"].map((one) => h(one));
    title.id = `account-${id}`;
    const rest = h("span");
    const bar = h("span.bar", { ariaHidden: "true" }, rest);
    const element = h("li.account", picture, h("div.words", h("div.row.tight", title, how), person), h("div.life", left, bar), used, doing, why, more, place);

    function edit(button, key) {
      const renames = key === "account_label";
      opener = button;
      const input = h("input", renames ? { name: key, value: row.account_label, maxLength: 255, autocomplete: "off" } : { name: key, type: "password", autocomplete: "off" });
      const form = onSubmit(h("form.stack.inline", field(renames ? "New label" : "New token of the same person", input),
        h("p.row", h("button.primary", { type: "submit" }, "Save"), h("button", { type: "button", onclick: close }, "Cancel"))), async () => {
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

    const replace = (look) => button("Replace token", (pressed) => edit(pressed, "access_token"), { look, label: heard("Replace the token of") });
    const check = (look) => button("Check now", async () => {
      await ask("POST", `${path}check/`);
      toast(`${who()} is checked: ${accountState(row)[1].toLowerCase()}.`);
    }, { look, label: heard("Check") });
    const toggle = () => button(row.status === "active" ? "Disable" : "Enable", async () => {
      await ask("PATCH", path, { status: row.status === "active" ? "invalid" : "active" });
      toast(`${who()} is ${row.status === "active" ? "enabled" : "disabled"}.`);
    }, { label: heard(row.status === "active" ? "Disable" : "Enable") });
    const remove = () => button("Delete", async () => {
      const next = element.nextElementSibling ?? element.previousElementSibling;
      await call("DELETE", path + (force ? "?force=1" : "")).catch((error) => {
        force = error.status === 409; // In use after all.
        throw error;
      });
      toast(`${who()} is deleted.`);
      change("tokens", id, null);
      // To the neighbour's name: its own Delete would be one press away.
      focusOn(next?.querySelector("h2") ?? root.querySelector("h1"));
      say("refresh");
    }, { look: ".danger", label: heard("Delete"), may: sure(() => {
      const many = uses().length;
      force ||= many > 0;
      return force ? `Delete with ${many ? count(many, "client") : "its clients"}?` : "Delete for good?";
    }) });

    let drawn;
    element.update = (now) => {
      row = now;
      const state = accountState(row);
      const many = uses();
      const key = JSON.stringify([row, state, many.length, open === String(id)]);
      if (key === drawn) return;
      drawn = key;
      const [look, word] = state;
      fill(picture, face(row.profile_picture, row.user_name ?? row.account_label));
      fill(title, name(row.account_label));
      fill(how, dot(state));
      fill(person, name(row.user_name ?? row.user_id), row.kind === "system_user" ? " · system user" : "");
      const ends = endOf(row);
      const days = secondsLeft(ends) / 86_400;
      const dead = look === "bad" || isOff(row);
      fill(left, dead ? word : ends ? [days > 0 ? "Ends " : "Ended ", time(ends)] : row.last_checked_at || row.scopes ? "Never ends" : "Not known when it ends");
      bar.className = `bar ${dead ? "bad" : days < 10 ? "warn" : "ok"}`;
      rest.style.inlineSize = `${dead ? 0 : Math.max(3, Math.min(100, (days / 60) * 100))}%`;
      fill(used, many.length ? h("a", { href: many.length === 1 ? addressOf(many[0].id) : `#/?q=${encodeURIComponent(row.account_label)}` }, count(many.length, "client")) : "No client yet");
      fill(why, [isOff(row) ? "Switched off here: its Pages are not listed." : reasons[row.status_reason], ...(row.warnings ?? []), ...(row.missing_scopes ?? []).map(missingText)].map((text) => text && h("li", text)));
      const isOpen = open === String(id);
      const urgent = look === "bad" || word === "Ends soon" || word === "Permissions missing";
      const items = [urgent ? check() : replace(), button("Rename", (pressed) => edit(pressed, "account_label"), { label: heard("Rename") }),
        ...(row.status === "active" || isOff(row) ? [toggle()] : []), button(isOpen ? "Fewer details" : "Details", () => {
          open = isOpen ? null : String(id);
          history.replaceState(null, "", isOpen ? "#/accounts" : `#/accounts/${id}`);
          draw();
          element.querySelector("summary").focus();
        }, { label: heard("Details of") }), remove()];
      const had = doing.contains(document.activeElement) && [...doing.querySelectorAll("button, summary")].indexOf(document.activeElement);
      const wasOpen = doing.querySelector("details")?.open;
      fill(doing, urgent ? replace() : check(), menu(heard("More for"), items));
      if (wasOpen && had > 0) doing.querySelector("details").open = true;
      if (had !== false) doing.querySelectorAll("button, summary")[had]?.focus();
      const line = (what, ...value) => h("div", h("dt", what), h("dd", value));
      more.hidden = !isOpen;
      fill(more, isOpen && [line("Token ends", time(row.expires_at, "Not known")), line("Data access ends", time(row.data_access_expires_at, "Not known")),
        line("Last check", time(row.last_checked_at ?? row.created_at)),
        line("Permissions", !row.missing_scopes ? "Not known" : row.missing_scopes.length ? `${row.missing_scopes.length} missing` : "All granted"),
        line("Granted", (row.scopes ?? []).join(", ") || "Not known"), line("User id", row.user_id)]);
      element.classList.toggle("here", isOpen);
    };
    return element;
  }

  const reach = () => document.getElementById(`account-${open}`)?.scrollIntoView({ block: "center" });
  watch("tokens mappings", draw, signal);
  draw();
  if (open) queueMicrotask(reach);
  return {
    root, title: "Accounts",
    update: ({ word, rest: [id] }) => {
      if (word !== "accounts") return false;
      open = id;
      draw();
      reach();
      return true;
    },
  };
}

/** Paste a token, see whose it is, save. The token leaves its field at once. */
function connectView(signal) {
  let token = "";
  const secret = h("input", { type: "password", name: "access_token", autocomplete: "off", placeholder: "EAAG…" });
  const label = h("input", { name: "account_label", autocomplete: "off", maxLength: 255, placeholder: "My Facebook Account" });
  const expires = h("input", { type: "date", name: "expires_at" });
  const card = h("div.confirm", { role: "group", ariaLabel: "Whose token it is" });
  const waiting = h("p.hint", "Its owner appears here, for you to confirm. Nothing is kept before you save it.");
  const verify = h("button.primary", { type: "submit" }, "Verify");
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
      h("p.row", h("button.primary", { type: "submit" }, "Save account"), h("button", { type: "button", onclick: () => (hold(), secret.focus()) }, "Start over"))), save);
    fill(card, form);
    focusOn(form.firstElementChild);
  }

  async function save() {
    const body = { access_token: token, account_label: label.value, expires_at: expires.value ? `${expires.value}T00:00:00Z` : undefined };
    const row = await call("POST", "tokens/", body).catch((error) => {
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

  /** What the token can do, and which Pages it reaches. */
  async function saved(row) {
    const lacking = row.missing_scopes ?? [];
    if (!lacking.length && !state.mappings?.length) return void (location.hash = "#/map"); // The first one: straight on.
    const reach = h("p", { role: "status" }, "Asking which Pages it reaches …");
    const title = h("h2", name(row.account_label), dot(accountState(row)));
    fill(card, h("div.stack", title,
      h("p", row.expires_at ? ["The token ends ", time(row.expires_at), "."] : "It is not known when the token ends."),
      lacking.length ? h("ul.why", lacking.map((scope) => h("li", missingText(scope)))) : row.missing_scopes && h("p", "All permissions are granted."), reach,
      h("p.row", h("a.button.primary", { href: "#/map" }, "Map a client"), h("a.button", { href: "#/accounts" }, "All accounts"))));
    focusOn(title);
    const { pages } = await call("GET", "pages/").catch(() => ({}));
    if (signal.aborted) return;
    const mine = pages?.filter((page) => page.token_id === row.id);
    fill(reach, !mine ? "Its Pages could not be asked for." : mine.length ? `It reaches ${count(mine.length, "Page")}, ${mine.filter((page) => page.ig_account_id).length} with Instagram.` : "It reaches no Page. Were they ticked when the token was made?");
  }

  return { root, title: "Connect an account" };
}
