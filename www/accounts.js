// Accounts: what each token can still do, what depends on it, and what one can do to it. Worst first.
import { call } from "./api.js";
import { field, menu, onSubmit } from "./controls.js";
import { fill, focusOn, h, keep } from "./dom.js";
import { button, dot, face, head, name, time, toast } from "./parts.js";
import { accountState, addressOf, change, isOff, say, state, watch } from "./store.js";
import { collate, count, folded, missingText, number, plain, quoted, reasonText, relative, secondsLeft, seeker } from "./words.js";

const rank = { bad: 0, warn: 1, ok: 2, off: 3 };

export function mount(route, signal) {
  let open = route.rest[0]; // The account whose address this is.
  const search = h("input", { type: "search", ariaLabel: "Search accounts", placeholder: "Search account or person", autocomplete: "off", oninput: draw });
  const searching = h("p.searching", search);
  const hint = h("p.hint", { role: "status" });
  const list = h("ul.rows.panel.flush", { ariaLabel: "Accounts" });
  const empty = h("p.empty", "No account yet. ", h("a", { href: "#/connect" }, "Connect the first one"), ".");
  const none = h("p.empty", "No account fits.");
  const title = head("Accounts", null, h("a.button.primary", { href: "#/connect" }, "Connect an account"));
  title.firstElementChild.append(hint);
  const root = h("section", { ariaLabel: "Accounts" }, title, searching, list, empty, none);

  function draw() {
    const all = state.tokens ?? [];
    const fits = seeker(search.value);
    const rows = all.filter((row) => fits(folded(row.account_label, row.user_name ?? "")))
      .sort((a, b) => rank[accountState(a)[0]] - rank[accountState(b)[0]] || collate(a.account_label, b.account_label));
    const wanting = all.filter((row) => rank[accountState(row)[0]] < 2).length;
    fill(hint, search.value ? `${number(rows.length)} of ${number(all.length)}` : wanting ? `${wanting} of ${count(all.length, "account")} need attention` : all.length ? count(all.length, "account") : "");
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

    const title = h("h2");
    const how = h("span.how");
    const person = h("span.hint");
    const left = h("span.left");
    const bar = h("span.bar", { ariaHidden: "true" }, h("span"));
    const used = h("span.hint.used");
    const why = h("ul.why");
    const picture = h("span");
    const doing = h("span.row.doing");
    const more = h("dl.served", { hidden: true });
    const place = h("div");
    const element = h("li.account", picture, h("div.words", h("div.row.tight", title, how), person), h("div.life", left, bar), used, doing, why, more, place);

    /** One form serves both "rename" and "replace". */
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
    }, { look: ".danger", label: heard("Delete"), ask: () => {
      const many = uses().length;
      force ||= many > 0;
      return force ? `Delete with ${many ? count(many, "client") : "its clients"}?` : "Delete for good?";
    } });

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
      title.id = `account-${id}`;
      fill(how, dot(state));
      fill(person, name(row.user_name ?? row.user_id), row.kind === "system_user" ? " · system user" : "");
      const ends = [row.expires_at, row.data_access_expires_at].filter(Boolean).sort()[0];
      const days = secondsLeft(ends) / 86_400;
      const dead = look === "bad" || isOff(row);
      fill(left, dead ? word : ends ? [days > 0 ? "Ends " : "Ended ", time(ends)] : row.last_checked_at || row.scopes ? "Never ends" : "Not known when it ends");
      bar.className = `bar ${dead ? "bad" : days < 10 ? "warn" : "ok"}`;
      bar.firstElementChild.style.inlineSize = `${dead ? 0 : Math.max(3, Math.min(100, (days / 60) * 100))}%`;
      fill(used, many.length ? h("a", { href: many.length === 1 ? addressOf(many[0].id) : `#/?q=${encodeURIComponent(row.account_label)}` }, count(many.length, "client")) : "No client yet");
      const reasons = [isOff(row) ? "Switched off here: its Pages are not listed." : reasonText(row.status_reason), ...(row.warnings ?? []), ...(row.missing_scopes ?? []).map(missingText)].filter(Boolean);
      fill(why, reasons.map((text) => h("li", text)));
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
    update: ({ rest: [id] }) => {
      open = id;
      draw();
      reach();
      return true;
    },
  };
}
