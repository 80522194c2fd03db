// Accounts: one card per token, what it can still do and for how long; everything one can do to it, in place.
import { call, listAll } from "./api.js";
import { askTwice, avatar, busy, chip, clearErrors, copyOf, count, find, keep, loader, make, missing, onSubmit, section, times, toast, write } from "./dom.js";
import { put, say, state, watch } from "./state.js";
import { missingText, parseTime, quoted, reasonText, secondsUntil, sentence } from "./words.js";

const root = section("accounts");
const list = find("[data-list]", root);
const elements = new Map();
const soon = 10 * 86_400;

export const reload = loader(root, (current) =>
  listAll("tokens/", "tokens", (rows) => current() && put("tokens", rows)));

const switchedOff = (row) => row.status === "invalid" && (row.status_reason ?? "disabled") === "disabled";
const left = (text) => (parseTime(text) ? secondsUntil(parseTime(text)) : Infinity);

/** The state of an account as a colour and a word. */
export function stateOf(row) {
  if (switchedOff(row)) return ["off", "Disabled"];
  if (row.status_reason === "key_missing") return ["bad", "Key missing"];
  if (row.status === "expired" || left(row.expires_at) <= 0) return ["bad", "Expired"];
  if (row.status !== "active") return ["bad", "Invalid"];
  if (row.status_reason === "login_required") return ["warn", "Login needed"];
  if (left(row.data_access_expires_at) <= 0) return ["bad", "Data access ended"];
  if (Math.min(left(row.expires_at), left(row.data_access_expires_at)) < soon) return ["warn", "Expires soon"];
  return ["ok", "Active"];
}

watch("tokens", () => {
  const rows = state.tokens;
  find("[data-empty]", root).hidden = rows.length > 0;
  keep(list, rows, (row) => row.id, create, update, elements);
  const wanting = rows.filter((row) => !["ok", "off"].includes(stateOf(row)[0])).length;
  write(root, { accounts: wanting ? `${count(wanting, "account needs", "accounts need")} your attention.` : "People whose Pages and Instagram accounts can be read." });
  find("#accounts .head .hint").classList.toggle("trouble", wanting > 0);
  const badge = find('[data-count="tokens"]');
  badge.textContent = rows.length || "";
  badge.classList.toggle("warn", wanting > 0);
  // The tab tells it too: nobody looks at a page that works.
  document.title = wanting ? `(${wanting}) Meta Module` : "Meta Module";
});

function update(element, row) {
  const words = stateOf(row);
  write(element, {
    label: row.account_label,
    name: row.user_name ?? "",
    reason: switchedOff(row) ? "Switched off here: its Pages are not listed." : reasonText(row.status_reason) ?? "",
    permissions: row.missing_scopes === null || row.missing_scopes === undefined ? "Not known"
      : row.missing_scopes.length ? `${row.missing_scopes.length} missing` : "All granted",
  });
  avatar(find("[data-avatar]", element), row.profile_picture, row.user_name ?? row.account_label);
  chip(find("[data-chip]", element), words);
  times(element, { expires: [row.expires_at, "Not known"], data: [row.data_access_expires_at, "Not known"], checked: [row.last_checked_at, "Never"] });
  for (const [name, text] of [["expires", row.expires_at], ["data", row.data_access_expires_at]]) {
    find(`[data-time="${name}"]`, element).className = left(text) <= 0 ? "bad" : left(text) < soon ? "warn" : "";
  }
  find("[data-missing]", element).replaceChildren(...(row.missing_scopes ?? []).map((scope) => make("li", `Without ${scope}, ${missingText(scope)}.`)));
  const toggle = find('[data-do="toggle"]', element);
  toggle.textContent = row.status === "active" ? "Disable" : "Enable";
  toggle.hidden = row.status !== "active" && !switchedOff(row);
}

function create({ id }) {
  const element = copyOf("account");
  let force = false;
  const row = () => state.tokens.find((other) => other.id === id);
  const trouble = find("[data-row-error]", element);
  const change = (changed) => put("tokens", state.tokens.map((other) => (other.id === id ? changed : other)));
  const attempt = async (work) => {
    trouble.textContent = "";
    try {
      return await work();
    } catch (error) {
      if (!error.fields) throw error;
      if (error.status !== 401) trouble.textContent = sentence(error);
    }
  };

  const open = (name, wanted) => {
    for (const form of element.querySelectorAll("form")) {
      form.hidden = form.dataset.form !== name || !wanted;
      find(`[data-do="${form.dataset.form}"]`, element).ariaExpanded = String(!form.hidden);
      clearErrors(form);
      form.reset();
      if (form.hidden) continue;
      if (name === "rename") form.elements.account_label.value = row().account_label;
      form.elements[0].focus();
      form.elements[0].select();
    }
    if (!wanted) find(`[data-do="${name}"]`, element).focus();
  };

  for (const form of element.querySelectorAll("form")) {
    const name = form.dataset.form;
    find("[data-cancel]", form).addEventListener("click", () => open(name, false));
    form.addEventListener("keydown", (event) => event.key === "Escape" && open(name, false));
    onSubmit(form, async (fields) => {
      const field = name === "rename" ? fields.account_label : fields.access_token;
      const value = field.value.trim();
      if (name === "replace") field.value = "";
      if (!value) throw missing(field.name, "This field may not be blank.");
      change(await call("PATCH", `tokens/${id}/`, { [field.name]: value }));
      open(name, false);
      toast(name === "rename" ? `Renamed to ${quoted(value)}.` : `The token of ${quoted(row().account_label)} is replaced.`);
    });
  }
  watch("forget", () => find('[data-form="replace"]', element).reset());

  const deeds = {
    replace: () => open("replace", find('[data-form="replace"]', element).hidden),
    rename: () => open("rename", find('[data-form="rename"]', element).hidden),
    check: (button) => busy(button, () => attempt(async () => {
      change(await call("POST", `tokens/${id}/check/`));
      toast(`${quoted(row().account_label)}: ${stateOf(row())[1].toLowerCase()}, checked just now.`);
    })),
    toggle: (button) => busy(button, () => attempt(async () => {
      change(await call("PATCH", `tokens/${id}/`, { status: row().status === "active" ? "invalid" : "active" }));
      toast(`${quoted(row().account_label)} is ${row().status === "active" ? "enabled" : "disabled"}.`);
    })),
    delete: (button) => {
      const used = (state.mappings ?? []).filter((mapping) => mapping.token_id === id).length;
      force ||= used > 0;
      const question = used ? `Delete with ${count(used, "client")}?` : force ? "Delete anyway?" : "Delete for good?";
      askTwice(button, question, () => attempt(async () => {
        const label = row().account_label;
        try {
          await call("DELETE", `tokens/${id}/${force ? "?force=1" : ""}`);
        } catch (error) {
          force = error.status === 409; // In use after all: the next question says so.
          throw error;
        }
        const neighbour = element.nextElementSibling ?? element.previousElementSibling;
        elements.delete(id);
        put("tokens", state.tokens.filter((other) => other.id !== id));
        (neighbour ? find('[data-do="delete"]', neighbour) : find("#accounts-title")).focus();
        toast(`${quoted(label)} is deleted.`);
        if (force) say("mapped");
      }));
    },
  };
  element.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-do]");
    if (button) deeds[button.dataset.do](button);
  });
  return element;
}
