// What the page knows, and how it stays true: who learns something puts it, who shows it watches.
import { call, line, listAll } from "./api.js";
import { collate, folded, secondsLeft } from "./words.js";

const bus = new EventTarget();

/** session, health, tokens, mappings, clients, newest (the newest event's id): absent until known. */
export const state = {};

/** Also "forget": the session ended, secrets in memory go. */
export const say = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
export function watch(names, then, signal) {
  for (const name of names.split(" ")) bus.addEventListener(name, ({ detail }) => then(detail), { signal });
}

export function put(name, value) {
  state[name] = value;
  if (name === "mappings" || name === "tokens") state.clients = state.mappings && group(state.mappings);
  say(name);
}

/** Puts one changed row in its place, or a new one; null takes it out. */
export function change(name, id, row) {
  const rows = (state[name] ?? []).filter((old) => old.id !== id);
  put(name, row ? [...rows, row].sort((a, b) => a.id - b.id) : rows);
}

export function forget() {
  for (const name of Object.keys(state)) if (name !== "session" && name !== "health") delete state[name];
  say("forget");
}

// ---- Accounts

const soon = 10 * 86_400;
export const isOff = (row) => row.status === "invalid" && (row.status_reason ?? "disabled") === "disabled";
/** Only Pages of a Business portfolio are missing then. */
export const lacking = (row) => (row.missing_scopes ?? []).filter((scope) => scope !== "business_management");

/** [look, word]: a state is never told by colour alone. */
export function accountState(row) {
  const { status, status_reason: reason } = row;
  const [token, data] = [row.expires_at, row.data_access_expires_at].map(secondsLeft);
  if (isOff(row)) return ["off", "Disabled"];
  if (reason === "key_missing") return ["bad", "Key missing"];
  if (status === "expired" || token <= 0) return ["bad", "Expired"];
  if (status !== "active") return ["bad", "Invalid"];
  if (reason === "login_required") return ["warn", "Login needed"];
  if (data <= 0) return ["bad", "Data access ended"];
  if (Math.min(token, data) < soon) return ["warn", "Ends soon"];
  if (reason) return ["warn", "Attention"];
  if (lacking(row).length) return ["warn", "Permissions missing"];
  return ["ok", "Active"];
}
export const accountOf = (row) => state.tokens?.find(({ id }) => id === row?.token_id);

// ---- Clients: one for each client id, with the mapping that serves its site

/** As the program chooses: the one updated last that has an Instagram account. */
const serving = (rows) => rows.find((row) => row.serves)
  ?? [...rows].sort((a, b) => !b.ig_account_id - !a.ig_account_id && !a.ig_account_id - !b.ig_account_id
    || (b.updated_at < a.updated_at ? -1 : b.updated_at > a.updated_at ? 1 : b.id - a.id))[0];

function group(mappings) {
  const clients = new Map();
  for (const row of mappings) clients.set(row.client_id, [...clients.get(row.client_id) ?? [], row]);
  return [...clients].map(([id, rows]) => {
    const row = serving(rows);
    const account = accountOf(row);
    return {
      id, rows, row, account, look: clientState(row, account),
      text: folded(id, ...rows.map((one) => `${one.fb_page_name ?? ""} ${one.ig_username ?? ""} ${one.fb_page_id}`), account?.account_label ?? ""),
    };
  }).sort((a, b) => collate(a.id, b.id));
}

const failed = new Map(); // What a grid said when it was asked for last: by mapping, "stale" or "bad".

function clientState(row, account) {
  if (!row.ig_account_id) return ["off", "No Instagram"];
  const [look, word] = account ? accountState(account) : ["warn", "No account"];
  if (look === "bad") return ["bad", "Broken"];
  return failed.get(row.id) ?? (look === "ok" ? ["ok", "Live"] : ["warn", look === "off" ? "Account off" : word]);
}

export function noteGrid(id, said) {
  if (String(failed.get(id) ?? "") === String(said ?? "")) return;
  if (said) failed.set(id, said);
  else failed.delete(id);
  if (state.mappings) put("mappings", state.mappings);
}

export const clientOf = (id) => state.clients?.find((client) => client.id === id);
export const addressOf = (id) => `#/clients/${encodeURIComponent(id)}`;

// ---- Fresh without a reload

const tabs = new BroadcastChannel("meta-module");
tabs.onmessage = ({ data }) => say(data); // "tab-signed-out", "tab-changed"
export const tellTabs = (what) => tabs.postMessage(what);
line.addEventListener("changed", () => tellTabs("tab-changed"));

let turn = 0;

export async function loadLists() {
  const mine = ++turn;
  const current = () => mine === turn && state.session?.inside;
  await Promise.all([
    listAll("tokens", (rows, whole) => current() && whole && put("tokens", rows)),
    // At first what is there is shown at once; later a list is exchanged whole.
    listAll("mappings", (rows, whole) => current() && (whole || !state.mappings || state.growing) && (state.growing = !whole, put("mappings", rows))),
  ]);
}

/** Asks what has changed: every change leaves an event. Tokens are few and also end by the clock. */
export async function refresh() {
  if (!state.session?.inside) return;
  const isFirst = !state.mappings;
  const [health, { events: [newest] }] = await Promise.all([call("GET", "health/", undefined, 10), call("GET", "events/?limit=1", undefined, 10), isFirst && loadLists()]);
  put("health", { ...health, asked: new Date().toISOString() });
  if (state.newest !== newest?.id) {
    if (!isFirst) await loadLists();
    state.newest = newest?.id;
    say("newest");
  } else put("tokens", state.tokens); // Dates move.
}
