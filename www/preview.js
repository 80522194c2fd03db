// Preview: a client's grid as a site would show it, and one medium in a dialog. Captions are other people's text: they
// stay text, each in a direction of its own that cannot turn its surroundings around.
import { base, call, exchange } from "./api.js";
import { actions, all, copyOf, copyText, find, loader, make, section, skeletons, toast, write } from "./dom.js";
import { say, state, watch } from "./state.js";
import { day, number, parseTime, plain, quoted, sentence } from "./words.js";

const root = section("preview");
const stage = find("[data-stage]", root);
const list = find("[data-list]", root);
const dialog = find("dialog");
const view = find("[data-view]", dialog);
let chosen = null; // {client_id, fb_page_id, …}
let media = [];
let open = 0;
let asking = null;

/** A client with one mapping needs no Page in its address. The apostrophe is escaped because of shells. */
function path() {
  const several = (state.mappings ?? []).filter((row) => row.client_id === chosen.client_id).length > 1;
  const client = encodeURIComponent(chosen.client_id).replaceAll("'", "%27");
  return `instagram/${client}/${several ? `?fb_page_id=${chosen.fb_page_id}` : ""}`;
}

const reload = loader(root, async (current) => {
  const { answer, headers } = await exchange("GET", path());
  if (current()) show(answer, headers);
});

const head = (handle, face, chip, { media_count: posts, followers_count: followers, follows_count: follows } = {}) =>
  write(stage, { handle, face: [face, chosen.client_id], chip, posts: number(posts), followers: number(followers), follows: number(follows) });

watch("preview", (row) => {
  chosen = row;
  find("[data-empty]", root).hidden = true;
  stage.hidden = false;
  write(stage, { client: row.client_id, page: row.fb_page_name, none: "", fetched: null });
  head(row.ig_username ? `@${row.ig_username}` : row.client_id, null, ["", ""]);
  skeletons(list, 15);
  reload();
});

watch("reload", () => reload.failed() && reload());
watch("forget", () => dialog.close());

function show({ profile, media: items = [], detail }, headers) {
  media = items;
  list.replaceChildren(...media.map(tile));
  if (!profile) {
    write(stage, { none: `${detail}. Link a professional account to the Page, then sync again.` });
    return head(chosen.fb_page_name ?? chosen.client_id, null, ["off", "No Instagram"]);
  }
  const cache = headers.get("X-Cache");
  write(stage, {
    none: cache === "stale" ? "Meta cannot be asked right now: this is an older grid." : media.length ? "" : "This account has no posts yet.",
    fetched: new Date(Date.now() - 1000 * headers.get("Age")).toISOString(),
  });
  head(`@${profile.username}`, profile.profile_picture_url, { stale: ["warn", "Stale"], hit: ["off", "Cached"] }[cache] ?? ["ok", "Fresh"], profile);
}

const kindOf = (item) => ({ IMAGE: "Photo", VIDEO: "Video", CAROUSEL_ALBUM: "Album" })[item.media_type] ?? "Post";

function tile(item, index) {
  const element = copyOf("tile");
  const [button] = element.children;
  const image = find("img", element);
  const caption = plain(item.caption).trim();
  const address = item.thumbnail_url ?? (item.media_type === "VIDEO" ? null : item.media_url);
  // A screen reader hears "Video, 17 Dec 2025: Behind the scenes", not a file name.
  button.ariaLabel = `${kindOf(item)}, ${day(parseTime(item.timestamp) ?? 0)}: ${caption.slice(0, 120) || "no caption"}`;
  button.dataset.index = index;
  write(element, { caption: caption || "No caption", kind: { VIDEO: "▶", CAROUSEL_ALBUM: "❐" }[item.media_type] ?? "" });
  image.hidden = !address;
  if (address) image.src = address;
  return element;
}

async function look(index) {
  const item = media[index];
  if (!item) return;
  open = index;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const film = item.media_type === "VIDEO" && item.media_url;
  const address = item.media_url ?? item.thumbnail_url;
  const medium = Object.assign(make(film ? "video" : "img", ""), film ? { controls: true, preload: "none" } : { alt: "" });
  if (film && item.thumbnail_url) medium.poster = item.thumbnail_url;
  if (address) medium.src = address;
  view.replaceChildren(make("p", "Instagram gives no picture of this."), ...(address ? [medium] : []));
  write(dialog, { kind: kindOf(item), taken: item.timestamp, caption: item.caption ?? "No caption", likes: "…", comments: "…", trouble: "" });
  const link = find("a", dialog);
  link.hidden = !item.permalink?.startsWith("https://");
  if (!link.hidden) link.href = item.permalink;
  for (const button of all("[data-by]", dialog)) button.ariaDisabled = String(!media[index + Number(button.dataset.by)]);
  try {
    const post = await call("GET", `post/${encodeURIComponent(item.id)}/`, undefined, signal);
    write(dialog, { likes: post.like_count === null ? "hidden" : number(post.like_count), comments: number(post.comments_count) });
  } catch (error) {
    if (signal.aborted) return;
    write(dialog, { likes: "–", comments: "–", trouble: sentence(error) });
  }
}

list.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-index]");
  if (!button) return;
  look(Number(button.dataset.index));
  dialog.showModal();
  find("h2", dialog).focus();
});

dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
dialog.addEventListener("keydown", ({ key, target }) => {
  if (target.tagName !== "VIDEO") look(open + ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? NaN));
});
dialog.addEventListener("close", () => {
  asking?.abort();
  view.replaceChildren(); // Stops a film.
  list.children[open]?.firstElementChild.focus();
});

/** In protected mode no key is needed; otherwise the reader's own stands in a variable. */
const curl = (where) =>
  `curl ${state.session.mode === "protected" ? "" : '-H "X-API-Key: $META_API_KEY" '}'${new URL(where, base)}'`;

actions(dialog, {
  step: ({ dataset }) => look(open + Number(dataset.by)),
  curl: () => copyText(curl(`post/${media[open].id}/`)),
  close: async () => dialog.close(),
});

actions(stage, {
  curl: () => copyText(curl(path())),
  address: () => copyText(String(new URL(path(), base))),
  refresh: async () => {
    const mapping = state.mappings?.find((row) => row.client_id === chosen.client_id && row.fb_page_id === chosen.fb_page_id);
    if (mapping) await call("POST", `mappings/${mapping.id}/refresh/`);
    await reload();
    toast(`The grid of ${quoted(chosen.client_id)} is fetched anew.`);
    say("mapped");
  },
});
