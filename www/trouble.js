// What is wrong, in one list, each with its remedy and the way to it; what refusals and missing permissions mean. Fetched where
// something is wrong, and by the views of tokens.
import { fill, h } from "./dom.js";
import { accountState, endOf, isOff, lacking, state } from "./store.js";
import { count, plain, quoted, reasons, relative } from "./words.js";

Object.assign(reasons, {
  expired: "The token has expired. Make a new one in Meta’s Graph API Explorer.",
  password_changed: "The owner’s Facebook password was changed, which ends every token. A new one is needed.",
  app_removed: "The owner removed the app from their Facebook account and must allow it again.",
  revoked: "The token was revoked or its owner logged out. A new one is needed.",
  login_required: "Facebook wants its owner to log in once; then the same token works again.",
  invalid: "Meta does not accept this token. Was it copied whole? Otherwise make a new one.",
  not_extended: "Meta gives no longer-lived token for it. Its owner has to log in again before it ends.",
  other_app: "The token was made for another app than this installation’s.",
  wrong_kind: "This is no user’s token. Paste the token of a user who has a role on the Page.",
  rate_limited: "Meta has asked not to be called for this token for a while. “Check now” tries all the same.",
  key_missing: "The key that encrypted this token is missing on the server. Bring it back, or replace the token.",
});

const broken = {
  pages_show_list: "its Pages cannot be listed",
  pages_read_engagement: "Pages and their Instagram accounts cannot be read",
  instagram_basic: "Instagram profiles and grids cannot be read",
  business_management: "Pages of a Business portfolio are not listed",
};
export const missingText = (scope) => `Without ${scope}, ${broken[scope] ?? "what depends on it fails"}.`;

const checks = { database: "The database", key: "The encryption key", cache: "The cache", graph: "Meta’s Graph API" };

/** What is broken first. */
export function troubles() {
  const { health, tokens = [], clients = [] } = state;
  const found = [];
  const add = (look, text, link, href, hint) => found.push({ look, text, link, href, hint });
  for (const [id, { status, detail }] of Object.entries(health?.checks ?? {})) {
    if (status !== "ok") add(status === "error" ? "bad" : "warn", `${checks[id] ?? id}: ${detail ?? "needs attention"}`, "See the checks", "#/system");
  }
  for (const row of tokens) {
    const [look, word] = accountState(row);
    if (look === "ok" || isOff(row)) continue;
    const used = clients.filter(({ account }) => account?.id === row.id).length;
    const who = quoted(row.account_label);
    const ends = word === "Ends soon";
    add(look, ends ? `${who} ends ${relative(endOf(row))}` : `${who}: ${word.toLowerCase()}`, look === "bad" || ends ? "Replace the token" : "See the account", `#/accounts/${row.id}`,
      `${used ? `${count(used, "client depends", "clients depend")} on it. ` : ""}${word === "Permissions missing" ? lacking(row).map(missingText).join(" ") : reasons[row.status_reason] ?? ""}`);
  }
  const those = ["Show them", "#/?show=trouble"];
  const alone = clients.filter(({ row, account }) => row.ig_account_id && !account && state.tokens);
  if (alone.length) add("warn", `${count(alone.length, "client")} without an account`, ...those, "They are served as long as Meta keeps their Page’s own token. Map them again with a connected account.");
  const failing = clients.filter(({ look: [, word] }) => word === "Fails");
  if (failing.length) add("bad", `The pictures of ${failing.length === 1 ? quoted(failing[0].id) : count(failing.length, "client")} cannot be fetched`, ...those);
  return found.sort((a, b) => (b.look === "bad") - (a.look === "bad"));
}

/** Folded, as a line, where there is little room or much trouble. */
export function draw(root) {
  const found = troubles();
  const text = JSON.stringify(found);
  if (root.dataset.drawn === text) return;
  root.dataset.drawn = text;
  const open = root.querySelector("details")?.open ?? (found.length < 4 && innerWidth > 767);
  root.classList.add("some");
  fill(root, h("details", { open },
    h("summary", h(`span.dot.${found[0].look}`, h("b", count(found.length, "thing needs you", "things need you"))), h("span.hint.first", found[0].text)),
    h("ul", found.map(({ look, text: what, hint, link, href }) => h("li.trouble", h(`span.dot.${look}`, h("span.unseen", look === "bad" ? "Broken:" : "Soon:")),
      h("p", h("b", what), h("span.hint", hint && ` ${hint}`)), h("a", { href, ariaLabel: `${link}: ${plain(what)}` }, link))))));
}
