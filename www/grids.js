// Clients' grids: asked for when they are looked at, four at a time, and remembered while the page is open.
import { exchange } from "./api.js";
import { noteGrid, state, watch } from "./store.js";

const known = new Map(); // By mapping: {profile, media, cache, at} or {error}.
let waiting = [];
let running = 0;

export const pathOf = ({ client_id, fb_page_id }, narrow) => {
  // Shells want the apostrophe escaped.
  const client = encodeURIComponent(client_id).replaceAll("'", "%27");
  return `instagram/${client}/${narrow ? `?fb_page_id=${fb_page_id}` : ""}`;
};

export const peek = (row) => known.get(row.id);
export const drop = (row) => known.delete(row.id);
watch("forget", () => {
  known.clear();
  waiting = [];
});

/** The grid of a mapping; at most a minute old, as the page knows it, unless `fresh`. */
export function grid(row, { fresh, signal } = {}) {
  const had = known.get(row.id);
  if (!fresh && had && !had.error && Date.now() - had.asked < 60_000 && had.stamp === row.cached_at) return Promise.resolve(had);
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
    const { answer, headers } = await exchange("GET", `${pathOf(row, true)}&include=children&images=local`);
    found = {
      ...answer, media: answer.media ?? [], cache: headers.get("X-Cache"), stamp: row.cached_at, asked: Date.now(),
      at: new Date(Date.now() - 1000 * headers.get("Age")).toISOString(),
    };
    noteGrid(row.id, found.cache === "stale" ? ["warn", "Stale"] : null);
  } catch (error) {
    found = { error, media: [] };
    if (!error.lost && ![401, 404].includes(error.status)) noteGrid(row.id, ["bad", "Fails"]);
  }
  if (state.session?.inside) known.set(row.id, found);
  return found;
}

/** The address of a picture, at most so wide where the program makes widths. */
export const pictureOf = ({ thumbnail_url: poster, media_type: kind, media_url: url }) => poster ?? (kind === "VIDEO" ? null : url);
