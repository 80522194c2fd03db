// What every view stands on. Text enters the document only here, as text.

const locale = navigator.languages.find((name) => name.startsWith("en")) ?? "en-GB";
const format = (options) => new Intl.DateTimeFormat(locale, options).format;
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

const exact = format({ dateStyle: "full", timeStyle: "long" });
export const day = format({ dateStyle: "medium" });
export const clock = format({ timeStyle: "short" });
export const number = (value) => value?.toLocaleString(locale) ?? "–";
export const count = (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`;

export const parseTime = (text) => (text ? new Date(text.replace(/(\d\d)(\d\d)$/, "$1:$2")) : null); // Meta writes +0000.
let skew = 0; // Clocks go wrong.
const now = () => Date.now() + skew;
export const secondsLeft = (text) => (text ? (parseTime(text) - now()) / 1000 : Infinity);

/** Months and years would be too coarse. */
export function relative(text) {
  let value = secondsLeft(text);
  if (Math.abs(value) < 5) return "just now";
  for (const [unit, limit, size = limit] of [["second", 60], ["minute", 60], ["hour", 48, 24], ["day", 100]]) {
    if (Math.abs(value) < limit) return ago.format(Math.round(value), unit);
    value /= size;
  }
  return day(parseTime(text));
}

export const plain = (text) => (text ?? "").replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "");
export const quoted = (name) => `“\u2068${plain(name)}\u2069”`;

export const folded = (...texts) => texts.join(" ").normalize("NFD").replace(/\p{M}/gu, "").replace(/\s+/g, " ").toLowerCase();
export const seeker = (typed) => {
  const parts = folded(typed).split(/\s+/);
  return (text) => parts.every((part) => text.includes(part));
};
export const collate = new Intl.Collator("en", { numeric: true }).compare;

export const reasons = {};
export const sentence = ({ status, reason, message }) => status === 401 ? "Your session has ended. Sign in again."
  : reason === "rate_limited" ? `Meta is throttling. ${message}.` : reasons[reason] ?? message;

export const base = new URL("api/meta/", document.baseURI); // At any mount point.

const bus = new EventTarget();

export const say = (name, detail) => bus.dispatchEvent(new CustomEvent(name, { detail }));
export function watch(names, then, signal) {
  for (const name of names.split(" ")) bus.addEventListener(name, ({ detail }) => then(detail), { signal });
}

const failure = (detail, more) => Object.assign(new Error(detail), { fields: [], ...more });
export const wrong = (...fields) => failure("", { fields: fields.map(([name, text]) => [name, [text]]) });

let isBlocked; // Firewalls let no PATCH or DELETE through, but a POST that means it.

export async function exchange(method, path, body, seconds = 30) {
  const lost = (detail) => say("lost") && failure(detail, { lost: true });
  const isBlockable = /PATCH|DELETE/.test(method);
  const meant = isBlocked && isBlockable && { "X-HTTP-Method-Override": method };
  const response = await fetch(new URL(path, base), {
    method: meant ? "POST" : method, cache: "no-store", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...meant }, signal: AbortSignal.timeout(seconds * 1000),
  }).catch(() => {
    throw lost("The connection is lost.");
  });
  const { ok, status, headers } = response;
  skew = Date.parse(headers.get("Date")) - Date.now() || 0;
  const answer = status === 204 ? {} : await response.json().catch(() => null);
  if (isBlockable && !isBlocked && [403, 405].includes(status) && !(answer?.detail && headers.has("X-Request-Id"))) {
    isBlocked = true;
    return exchange(method, path, body, seconds);
  }
  // A web server without its program answers 502 in its own words, or 404.
  if (answer ? [502, 504].includes(status) && !answer.reason : status > 499) throw lost("The program does not answer.");
  if (!answer) throw failure(`No program answers at ${base}`);
  say("answered");
  if (ok && method !== "GET") tellTabs("tab-changed");
  if (ok || answer.checks) return { answer, headers };
  if (status === 401) say("signed-out");
  throw failure(answer.detail, { status, fields: Object.entries(answer).filter(([, messages]) => Array.isArray(messages)), reason: answer.reason, wait: headers.get("Retry-After") });
}

export const call = async (...request) => (await exchange(...request)).answer;

export async function listAll(name, each) {
  let rows = [];
  for (let next = 0; next !== null; ) {
    const answer = await call("GET", `${name}/?limit=200&after=${next}`);
    rows = rows.concat(answer[name]);
    next = answer.next ?? null;
    each?.(rows, next === null);
  }
  return rows;
}

const tabs = new BroadcastChannel("meta-module");
tabs.onmessage = ({ data }) => say(data);
export const tellTabs = (what) => tabs.postMessage(what);

export const state = {};

export function put(name, value) {
  state[name] = value;
  if (name === "mappings" || name === "tokens") state.clients = state.mappings && group(state.mappings);
  say(name);
}

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

let turn = 0;

async function loadLists() {
  const mine = ++turn;
  const current = () => mine === turn && state.session?.inside;
  await Promise.all([
    listAll("tokens", (rows, whole) => current() && whole && put("tokens", rows)),
    // At first what is there is shown at once.
    listAll("mappings", (rows, whole) => current() && (whole || !state.mappings || state.growing) && (state.growing = !whole, put("mappings", rows))),
  ]);
}

/** Every change leaves an event. */
export async function refresh() {
  if (!state.session?.inside) return;
  const isFirst = !state.mappings;
  const [health, { events: [newest] }] = await Promise.all([call("GET", "health/", undefined, 10), call("GET", "events/?limit=1", undefined, 10), isFirst && loadLists()]);
  put("health", { ...health, asked: new Date(now()).toISOString() });
  if (state.newest !== newest?.id) {
    if (!isFirst) await loadLists();
    state.newest = newest?.id;
    say("newest");
  } else put("tokens", state.tokens); // Dates move.
}

export const isOff = (row) => row.status === "invalid" && (row.status_reason ?? "disabled") === "disabled";
/** Without business_management only Pages of a portfolio are missing. */
export const lacking = (row) => (row.missing_scopes ?? []).filter((scope) => scope !== "business_management");
export const endOf = (row) => [row.expires_at, row.data_access_expires_at].filter(Boolean).sort()[0];

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

export const trouble = async () => ((state.health?.status ?? "ok") !== "ok" || state.tokens?.some((row) => /bad|warn/.test(accountState(row)[0]))
  || state.clients?.some(({ look: [look, word] }) => look === "bad" || word === "No account") ? import("./more.js").catch(() => undefined) : null);

const group = (mappings) => [...Map.groupBy(mappings, (row) => row.client_id)].map(([id, rows]) => {
  const row = rows.find(({ serves }) => serves) ?? rows[0];
  const account = accountOf(row);
  return {
    id, rows, row, account, look: clientState(row, account), page: pageOf(row),
    text: folded(id, ...rows.map((one) => `${one.fb_page_name ?? ""} ${one.ig_username ?? ""} ${one.fb_page_id}`), account?.account_label ?? ""),
  };
}).sort((a, b) => collate(a.id, b.id));

export const pageOf = (row) => row.fb_page_name ?? row.fb_page_id ?? "–";

const failed = new Map(); // By mapping: [look, word].

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

const known = new Map(); // Grids, by mapping.
let waiting = [];
let running = 0;

/** Shells want the apostrophe escaped. */
export const pathOf = ({ client_id: id }) => `instagram/${encodeURIComponent(id).replaceAll("'", "%27")}/`;
export const peek = (row) => known.get(row.id);

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
      at: new Date(now() - 1000 * headers.get("Age")).toISOString(),
    };
    noteGrid(row.id, found.cache === "stale" ? ["warn", "Stale"] : undefined);
  } catch (error) {
    found = { error, media: [] };
    const { lost, status, wait } = error;
    if (!lost && status !== 401 && status !== 404) noteGrid(row.id, wait ? ["warn", "Waiting"] : ["bad", "Fails"]);
    if (wait) setTimeout(() => peek(row) === found && grid(row), wait * 1000);
  }
  if (state.session?.inside) known.set(row.id, found);
  return found;
}

export const pictureOf = ({ thumbnail_url: poster, media_type: kind, media_url: url }) => poster ?? (kind === "VIDEO" ? null : url);

/** h("button.primary", { onclick }, "Save") */
export function h(name, ...children) {
  const [tag, ...classes] = name.split(".");
  const element = document.createElement(tag);
  if (classes.length) element.className = classes.join(" ");
  if (children[0]?.constructor === Object) set(element, children.shift());
  element.append(...flat(children));
  return element;
}

const flat = (children) => children.flat(9).filter((child) => child != null && child !== false);

export function set(element, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (name in element && name !== "list") element[name] = value;
    else if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
  return element;
}

/** The same text would be read aloud twice. */
export function fill(element, ...children) {
  const wanted = flat(children);
  if (wanted.every((child) => typeof child === "string") && !element.childElementCount && element.textContent === wanted.join("")) return;
  element.replaceChildren(...wanted);
}

export function focusOn(element) {
  if (element.tabIndex < 0) element.tabIndex = -1;
  element.focus();
}

const made = new WeakMap();

/** Made once for each row: the focus and typed text survive. */
export function keep(list, rows, make) {
  const old = made.get(list);
  const now = new Map(rows.map((row) => {
    const element = old?.get(row.id) ?? make(row);
    element.update(row);
    return [row.id, element];
  }));
  made.set(list, now);
  const wanted = new Set(now.values());
  for (const child of [...list.children]) if (!wanted.has(child)) child.remove();
  let place = list.firstElementChild;
  for (const element of wanted) {
    if (element === place) place = place.nextElementSibling;
    else list.insertBefore(element, place);
  }
}

/** A double click is one press, of what lay there first. */
let pressed;
for (const name of ["mousedown", "click"]) addEventListener(name, (event) => {
  const { detail, target } = event;
  if (detail > 1 && (target !== pressed || target.type === "submit")) event.preventDefault(event.stopPropagation());
  else if (name !== "click") pressed = target;
}, true);

export const image = (src) => h("img", { alt: "", loading: "lazy", decoding: "async", src });
/** A picture that is being made may be late. */
addEventListener("error", ({ target }) => {
  if (target.tagName !== "IMG") return;
  if (target.dataset.again) return target.remove();
  target.dataset.again = "yes";
  setTimeout(() => (target.src = target.src), 2000);
}, true);

export const face = (address, name, look = "") => h(`span.face${look}`, { ariaHidden: "true" },
  plain(name).split(/[\s_-]+/).slice(0, 2).map((word) => [...word][0]).join("").toUpperCase(), address && image(address));

export const dot = ([look, word]) => h(`span.dot.${look}`, word);
export const name = (text) => h("bdi", { title: text?.length > 24 ? text : "" }, text);

export function time(text, none = "–") {
  const date = parseTime(text);
  return date ? h("time", { dateTime: text, title: exact(date) }, h("span", { ariaHidden: "true" }, relative(text)), h("span.unseen", exact(date))) : h("span", none);
}
setInterval(() => {
  for (const { firstElementChild: shown, dateTime } of document.querySelectorAll("time")) shown.textContent = relative(dateTime);
}, 10_000);

let fading;

export function toast(text) {
  const place = document.querySelector("dialog[open] [data-toast]") ?? document.querySelector("[data-toast]");
  clearTimeout(fading);
  place.replaceChildren();
  // The same twice is spoken only after a moment without.
  requestAnimationFrame(() => place.replaceChildren(h("p", text)));
  fading = setTimeout(() => place.replaceChildren(), 5000);
}

export async function busy(element, work, fail) {
  if (element.ariaBusy) return;
  element.ariaBusy = "true";
  await work().catch(fail);
  element.ariaBusy = null;
}

export const alert = (text) => h("p.error", { role: "alert" }, text);
// What was said of the line does not outlive it.
watch("again", () => document.querySelectorAll("main p[role=alert]").forEach((said) => said.remove()));

/** `may` is asked first, `label` is heard. */
export function button(text, deed, { look = "", may, label, more } = {}) {
  const element = h(`button${look}`, { type: "button", ariaLabel: label ?? null, ...more }, text);
  element.onclick = (event) => {
    const row = element.parentElement;
    row?.querySelector(":scope > [role=alert]")?.remove();
    if (may && !may(element, event)) return;
    busy(element, async () => deed(element), (error) => error.status === 401 || (element.checkVisibility() ? row.append(alert(sentence(error))) : toast(sentence(error))))
      .then(() => element.onblur?.());
  };
  return element;
}

export const head = (title, hint, ...actions) => h("div.head", h("div", h("h1", { tabIndex: -1 }, title), hint), actions);
export const hint = () => h("p.hint", { role: "status" });
export const searchFor = (label, more) => h("input", { type: "search", ariaLabel: label, autocomplete: "off", ...more });

export const problem = (error, retry) => h("div.problem.row", { role: "alert" }, h("span", sentence(error)), button("Try again", retry));
