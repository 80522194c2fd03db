// What the page knows, and how it stays true: who learns something puts it, who shows it watches.
import { call, exchange, line, listAll } from "./api.js";
import { collate, folded, secondsLeft } from "./words.js";

const bus = new EventTarget();

/** session, health, tokens, mappings, clients, newest (event): absent until known. */
export const state = {};

/** "forget": the session ended, secrets go. */
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
  known.clear();
  waiting = [];
  say("forget");
}

// ---- Accounts

export const isOff = (row) => row.status === "invalid" && (row.status_reason ?? "disabled") === "disabled";
/** Without business_management only Pages of a portfolio are missing. */
export const lacking = (row) => (row.missing_scopes ?? []).filter((scope) => scope !== "business_management");
export const endOf = (row) => [row.expires_at, row.data_access_expires_at].filter(Boolean).sort()[0];

/** [look, word]: a state is never told by colour alone. */
export function accountState(row) {
  const { status, status_reason: reason } = row;
  if (isOff(row)) return ["off", "Disabled"];
  if (reason === "key_missing") return ["bad", "Key missing"];
  if (status === "expired" || secondsLeft(row.expires_at) <= 0) return ["bad", "Expired"];
  if (status !== "active") return ["bad", "Invalid"];
  if (reason === "login_required") return ["warn", "Login needed"];
  const left = secondsLeft(endOf(row));
  if (left <= 0) return ["bad", "Data access ended"];
  if (left < 864_000) return ["warn", "Ends soon"];
  if (reason) return ["warn", "Attention"];
  if (lacking(row).length) return ["warn", "Permissions missing"];
  return ["ok", "Active"];
}
export const accountOf = (row) => state.tokens?.find(({ id }) => id === row?.token_id);

/** What is wrong is told by a file of its own, which nobody fetches while all is well. */
export const trouble = async () => (Object.values(state.health?.checks ?? {}).some(({ status }) => status !== "ok") || state.tokens?.some((row) => /bad|warn/.test(accountState(row)[0]))
  || state.clients?.some(({ look: [look, word] }) => look === "bad" || word === "No account") ? import("./trouble.js").catch(() => undefined) : null);

// ---- Clients: one for each client id, with the mapping that serves its site

/** As the program chooses: the one updated last that has an Instagram account. */
const serving = (rows) => rows.find((row) => row.serves)
  ?? [...rows].sort((a, b) => !a.ig_account_id - !b.ig_account_id || (b.updated_at < a.updated_at ? -1 : b.updated_at > a.updated_at ? 1 : b.id - a.id))[0];

const group = (mappings) => [...Map.groupBy(mappings, (row) => row.client_id)].map(([id, rows]) => {
  const row = serving(rows);
  const account = accountOf(row);
  return {
    id, rows, row, account, look: clientState(row, account), page: pageOf(row),
    text: folded(id, ...rows.map((one) => `${one.fb_page_name ?? ""} ${one.ig_username ?? ""} ${one.fb_page_id}`), account?.account_label ?? ""),
  };
}).sort((a, b) => collate(a.id, b.id));

export const pageOf = (row) => row.fb_page_name ?? row.fb_page_id ?? "–";

const failed = new Map(); // By mapping, what its grid said last: [look, word].

function clientState(row, account) {
  if (!row.ig_account_id) return ["off", "No Instagram"];
  const [look, word] = account ? accountState(account) : ["warn", "No account"];
  if (look === "bad") return ["bad", "Broken"];
  return failed.get(row.id) ?? (look === "ok" ? ["ok", "Live"] : ["warn", look === "off" ? "Account off" : word]);
}

function noteGrid(id, said) {
  if (String(failed.get(id)) === String(said)) return;
  failed.set(id, said);
  if (state.mappings) put("mappings", state.mappings);
}

export const clientOf = (id) => state.clients?.find((client) => client.id === id);
export const addressOf = (id) => `#/clients/${encodeURIComponent(id)}`;

// ---- Their grids: asked for when they are looked at, four at a time

const known = new Map(); // By mapping: {profile, media, cache, at} or {error}.
let waiting = [];
let running = 0;

/** Shells want the apostrophe escaped. */
export const pathOf = ({ client_id: id }) => `instagram/${encodeURIComponent(id).replaceAll("'", "%27")}/`;
export const peek = (row) => known.get(row.id);

/** At most a minute old, as the page knows it, unless `fresh`. */
export function grid(row, { fresh, signal } = {}) {
  const had = peek(row);
  if (!fresh && had && !had.error && Date.now() - had.asked < 60_000 && had.stamp === row.cached_at) return had;
  return new Promise((done) => {
    waiting.push({ row, done, signal });
    next();
  });
}

function next() {
  waiting = waiting.filter(({ signal }) => !signal?.aborted);
  while (running < 4 && waiting.length) {
    const { row, done } = waiting.shift();
    running++;
    ask(row).then(done).finally(() => {
      running--;
      next();
    });
  }
}

async function ask(row) {
  let found;
  try {
    const { answer, headers } = await exchange("GET", `${pathOf(row)}?fb_page_id=${row.fb_page_id}&include=children&images=local`);
    found = {
      ...answer, media: answer.media ?? [], cache: headers.get("X-Cache"), stamp: row.cached_at, asked: Date.now(),
      at: new Date(Date.now() - 1000 * headers.get("Age")).toISOString(),
    };
    noteGrid(row.id, found.cache === "stale" ? ["warn", "Stale"] : undefined);
  } catch (error) {
    found = { error, media: [] };
    if (!error.lost && ![401, 404].includes(error.status)) noteGrid(row.id, ["bad", "Fails"]);
  }
  if (state.session?.inside) known.set(row.id, found);
  return found;
}

export const pictureOf = ({ thumbnail_url: poster, media_type: kind, media_url: url }) => poster ?? (kind === "VIDEO" ? null : url);

// ---- Fresh without a reload

const tabs = new BroadcastChannel("meta-module");
tabs.onmessage = ({ data }) => say(data); // "tab-signed-out", "tab-changed"
export const tellTabs = (what) => tabs.postMessage(what);
line.addEventListener("changed", () => tellTabs("tab-changed"));

let turn = 0;

async function loadLists() {
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
