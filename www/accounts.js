// Accounts: what each token can still do, and what one can do to it.
import { actions, call, change, clearErrors, copyOf, count, find, keep, listAll, loader, make, missingText, onSubmit, put, quoted, reasonText, say, secondsLeft, section, skeletons, state, toast, watch, write } from "./dom.js";

const { root, list, empty } = section("accounts");
const soon = 10 * 86_400;
const ends = ["expires_at", "data_access_expires_at"];

skeletons(list, 2, "panel account");

export const reload = loader(root, (current) => listAll("tokens", (rows) => current() && put("tokens", rows)));

const isOff = (row) => row.status === "invalid" && (row.status_reason ?? "disabled") === "disabled";

function stateOf(row) {
  const { status, status_reason: reason } = row;
  const [token, data] = ends.map((name) => secondsLeft(row[name]));
  if (isOff(row)) return ["off", "Disabled"];
  if (reason === "key_missing") return ["bad", "Key missing"];
  if (status === "expired" || token <= 0) return ["bad", "Expired"];
  if (status !== "active") return ["bad", "Invalid"];
  if (reason) return ["warn", reason === "login_required" ? "Login needed" : "Attention"];
  if (data <= 0) return ["bad", "Data access ended"];
  return Math.min(token, data) < soon ? ["warn", "Expires soon"] : ["ok", "Active"];
}

watch("tokens", () => {
  const rows = state.tokens;
  empty.hidden = rows.length;
  keep(list, rows, create, update);
  const wanting = rows.filter((row) => /warn|bad/.test(stateOf(row)[0])).length;
  write(document, {
    accounts: wanting ? `${wanting} of ${rows.length} need your attention.` : "",
    tokens: [wanting ? "warn" : "", wanting || rows.length || ""],
  });
  // The tab tells it too.
  document.title = `${wanting ? `(${wanting}) ` : ""}Meta Module`;
});

function update(element, row) {
  const { missing_scopes: lacking, status } = row;
  write(element, {
    ...row,
    last_checked_at: row.last_checked_at ?? row.created_at,
    face: [row.profile_picture, row.user_name ?? row.account_label],
    chip: stateOf(row),
    reason: isOff(row) ? "Switched off here: its Pages are not listed." : reasonText(row.status_reason),
    permissions: !lacking ? "Not known" : lacking.length ? `${lacking.length} missing` : "All granted",
    warnings: (row.warnings ?? []).join(" "),
    toggle: status === "active" ? "Disable" : "Enable",
  });
  for (const name of ends) {
    const left = secondsLeft(row[name]);
    find(`[data-text="${name}"]`, element).className = left <= 0 ? "bad" : left < soon ? "warn" : "";
  }
  find("[data-missing]", element).replaceChildren(...(lacking ?? []).map((scope) => make("li", missingText(scope))));
  find('[data-do="toggle"]', element).hidden = status !== "active" && !isOff(row);
}

function create({ id }) {
  const element = copyOf("account");
  const form = find("form", element);
  const input = form.elements[0];
  const path = `tokens/${id}/`;
  const row = () => state.tokens.find((other) => other.id === id);
  const name = () => quoted(row().account_label);
  const ask = async (...request) => change("tokens", id, await call(...request));
  let force;
  let opener;

  /** One form serves both "rename" and "replace". */
  const open = async (button) => {
    const renames = button.dataset.do === "rename";
    opener = button;
    form.hidden = false;
    clearErrors(form);
    Object.assign(input, renames ? { name: "account_label", type: "text", value: row().account_label } : { name: "access_token", type: "password", value: "" });
    write(form, { caption: renames ? "New label" : "New token of the same person" });
    input.select();
  };
  const close = async () => {
    form.hidden = true;
    form.reset();
    opener.focus();
  };

  onSubmit(form, async () => {
    const { name: field, value } = input;
    const renames = field === "account_label";
    if (!renames) input.value = "";
    await ask("PATCH", path, { [field]: value });
    close();
    toast(renames ? `Renamed to ${name()}.` : `The token of ${name()} is replaced.`);
  });
  form.addEventListener("keydown", ({ key }) => key === "Escape" && close());
  watch("forget", () => input.type === "password" && form.reset());

  actions(element, {
    rename: open,
    replace: open,
    cancel: close,
    check: async () => {
      await ask("POST", `${path}check/`);
      toast(`${name()} is checked: ${stateOf(row())[1].toLowerCase()}.`);
    },
    toggle: async () => {
      await ask("PATCH", path, { status: row().status === "active" ? "invalid" : "active" });
      toast(`${name()} is ${row().status === "active" ? "enabled" : "disabled"}.`);
    },
    delete: {
      ask: () => {
        const used = state.mappings?.filter((mapping) => mapping.token_id === id).length;
        force ||= used > 0;
        return force ? `Delete with ${used ? count(used, "client") : "its clients"}?` : "Delete for good?";
      },
      deed: async () => {
        await call("DELETE", path + (force ? "?force=1" : "")).catch((error) => {
          force = error.status === 409; // In use after all.
          throw error;
        });
        toast(`${name()} is deleted.`);
        change("tokens", id, null);
        say("mapped");
      },
    },
  });
  return element;
}
