// Connecting: paste a token, see whose it is, save. The token leaves its field at once.
import { call, wrong } from "./api.js";
import { field, onSubmit, showErrors } from "./controls.js";
import { fill, focusOn, h } from "./dom.js";
import { face, head, name, time, toast } from "./parts.js";
import { accountState, change, say, state, watch } from "./store.js";
import { count, missingText, quoted, sentence } from "./words.js";

export function mount(route, signal) {
  let token = "";
  const secret = h("input", { type: "password", name: "access_token", autocomplete: "off", placeholder: "EAAG…" });
  const label = h("input", { name: "account_label", autocomplete: "off", maxLength: 255, placeholder: "My Facebook Account" });
  const expires = h("input", { type: "date", name: "expires_at" });
  const card = h("div.confirm", { role: "group", ariaLabel: "Whose token it is" });
  const waiting = h("p.hint", "Its owner appears here, for you to confirm. Nothing is kept before you save it.");
  const verify = h("button.primary", { type: "submit" }, "Verify");
  const asking = onSubmit(h("form.stack", field("Access token", secret, ["A user or system user token, from Meta’s ", h("a", { href: "https://developers.facebook.com/tools/explorer/", target: "_blank", rel: "noreferrer" }, "Graph API Explorer"), " or your app’s dashboard."]),
    field("Label", label, "How you call this account here."), h("p.row", verify)), look);
  const root = h("section", { ariaLabel: "Connect an account" }, h("p.crumb", h("a", { href: "#/accounts" }, "Accounts")), head("Connect an account", "Only saving keeps the token, encrypted."),
    h("div.panel.columns", asking, card));

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
      throw error.fields.length ? error : wrong("access_token", sentence(error));
    });
    if (!token || signal.aborted) return; // Session ended.
    const known = state.tokens?.find((row) => row.user_id === person.user_id);
    label.value ||= known?.account_label ?? person.user_name;
    const form = onSubmit(h("form.stack", h("div.row.person", { tabIndex: -1 }, face(person.profile_picture, person.user_name), h("span", h("b", name(person.user_name)), h("span.hint.line-of-its-own", `User id ${person.user_id}`))),
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
    const [kind, word] = accountState(row);
    fill(card, h("div.stack", h("h2", { tabIndex: -1 }, name(row.account_label), " ", h(`span.dot.${kind}`, word)),
      h("p", row.expires_at ? ["The token ends ", time(row.expires_at), "."] : "It is not known when the token ends."),
      lacking.length ? h("ul.why", lacking.map((scope) => h("li", missingText(scope)))) : row.missing_scopes && h("p", "All permissions are granted."), reach,
      h("p.row", h("a.button.primary", { href: "#/map" }, "Map a client"), h("a.button", { href: "#/accounts" }, "All accounts"))));
    focusOn(card.querySelector("h2"));
    const { pages } = await call("GET", "pages/").catch(() => ({}));
    if (signal.aborted) return;
    const mine = pages?.filter((page) => page.token_id === row.id);
    fill(reach, !mine ? "Its Pages could not be asked for." : mine.length ? `It reaches ${count(mine.length, "Page")}, ${mine.filter((page) => page.ig_account_id).length} with Instagram.` : "It reaches no Page. Were they ticked when the token was made?");
  }

  return { root, title: "Connect an account" };
}
