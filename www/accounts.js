// Accounts: a card per token, what it can still do and for how long, and everything one can do to it, in place.
import { call, listAll } from "./api.js";
import { actions, all, clearErrors, copyOf, find, keep, leave, loader, make, missing, onSubmit, section, skeletons, toast, write } from "./dom.js";
import { change, put, say, state, watch } from "./state.js";
import { count, missingText, quoted, reasonText, secondsLeft } from "./words.js";

const root = section("accounts");
const list = find("[data-list]", root);
const elements = new Map();
const soon = 10 * 86_400;

skeletons(list, 2, "panel account");

export const reload = loader(root, (current) => listAll("tokens", (rows) => current() && put("tokens", rows)));

const switchedOff = (row) => row.status === "invalid" && (row.status_reason ?? "disabled") === "disabled";

/** The state of an account: a colour and a word. */
function stateOf(row) {
  const [token, data] = [secondsLeft(row.expires_at), secondsLeft(row.data_access_expires_at)];
  if (switchedOff(row)) return ["off", "Disabled"];
  if (row.status_reason === "key_missing") return ["bad", "Key missing"];
  if (row.status === "expired" || token <= 0) return ["bad", "Expired"];
  if (row.status !== "active") return ["bad", "Invalid"];
  if (row.status_reason) return ["warn", row.status_reason === "login_required" ? "Login needed" : "Attention"];
  if (data <= 0) return ["bad", "Data access ended"];
  return Math.min(token, data) < soon ? ["warn", "Expires soon"] : ["ok", "Active"];
}

watch("tokens", () => {
  const rows = state.tokens;
  find("[data-empty]", root).hidden = rows.length;
  keep(list, rows, elements, create, update);
  const wanting = rows.filter((row) => /warn|bad/.test(stateOf(row)[0])).length;
  write(document, {
    accounts: wanting ? `${count(wanting, "account needs", "accounts need")} your attention.` : "Whose Pages and Instagram accounts can be read.",
    tokens: [wanting ? "warn" : "", rows.length || ""],
  });
  // The tab tells it too: nobody looks at a page that works.
  document.title = `${wanting ? `(${wanting}) ` : ""}Meta Module`;
});

function update(element, row) {
  const { missing_scopes: lacking } = row;
  write(element, {
    label: row.account_label,
    name: row.user_name,
    face: [row.profile_picture, row.user_name ?? row.account_label],
    chip: stateOf(row),
    reason: switchedOff(row) ? "Switched off here: its Pages are not listed." : reasonText(row.status_reason),
    expires: row.expires_at,
    data: row.data_access_expires_at,
    checked: row.last_checked_at,
    permissions: !lacking ? "Not known" : lacking.length ? `${lacking.length} missing` : "All granted",
    toggle: row.status === "active" ? "Disable" : "Enable",
  });
  for (const [name, text] of [["expires", row.expires_at], ["data", row.data_access_expires_at]]) {
    const left = secondsLeft(text);
    find(`[data-text="${name}"]`, element).className = left <= 0 ? "bad" : left < soon ? "warn" : "";
  }
  find("[data-missing]", element).replaceChildren(...(lacking ?? []).map((scope) => make("li", missingText(scope))));
  find('[data-do="toggle"]', element).hidden = row.status !== "active" && !switchedOff(row);
}

function create({ id }) {
  const element = copyOf("account");
  const form = find("form", element);
  const input = form.elements[0];
  const row = () => state.tokens.find((other) => other.id === id);
  const name = () => quoted(row().account_label);
  let force = false;

  /** One form serves both: "rename", "replace", or closed with null. */
  const edit = (wanted) => {
    const button = find('[aria-expanded="true"]', element);
    form.hidden = !wanted;
    for (const other of all("[aria-expanded]", element)) other.ariaExpanded = String(other.dataset.do === wanted);
    clearErrors(form);
    input.value = "";
    if (!wanted) return button?.focus();
    const renames = wanted === "rename";
    input.name = renames ? "account_label" : "access_token";
    input.type = renames ? "text" : "password";
    if (renames) input.value = row().account_label;
    write(form, { caption: renames ? "New label" : "New token of the same person" });
    input.select();
  };
  const toggled = (wanted) => async ({ ariaExpanded }) => edit(ariaExpanded === "true" ? null : wanted);

  onSubmit(form, async () => {
    const value = input.value.trim();
    const renames = input.name === "account_label";
    if (!renames) input.value = "";
    if (!value) throw missing(input.name, "This field may not be blank.");
    change("tokens", id, await call("PATCH", `tokens/${id}/`, { [input.name]: value }));
    edit(null);
    toast(renames ? `Renamed to ${name()}.` : `The token of ${name()} is replaced.`);
  });
  form.addEventListener("keydown", ({ key }) => key === "Escape" && edit(null));
  watch("forget", () => input.type === "password" && (input.value = ""));

  actions(element, {
    rename: toggled("rename"),
    replace: toggled("replace"),
    cancel: async () => edit(null),
    check: async () => {
      change("tokens", id, await call("POST", `tokens/${id}/check/`));
      toast(`${name()} is checked: ${stateOf(row())[1].toLowerCase()}.`);
    },
    toggle: async () => {
      change("tokens", id, await call("PATCH", `tokens/${id}/`, { status: row().status === "active" ? "invalid" : "active" }));
      toast(`${name()} is ${row().status === "active" ? "enabled" : "disabled"}.`);
    },
    delete: {
      ask: () => {
        const used = (state.mappings ?? []).filter((mapping) => mapping.token_id === id).length;
        force ||= used > 0;
        return used ? `Delete with ${count(used, "client")}?` : force ? "Delete with its clients?" : "Delete for good?";
      },
      deed: async () => {
        const gone = `${name()} is deleted.`;
        await call("DELETE", `tokens/${id}/${force ? "?force=1" : ""}`).catch((error) => {
          force = error.status === 409; // In use after all: the next question says so.
          throw error;
        });
        const focus = leave(element, "delete");
        elements.delete(id);
        change("tokens", id, null);
        focus();
        toast(gone);
        say("mapped");
      },
    },
  });
  return element;
}
