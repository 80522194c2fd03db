// Preview: the grid of one client as a site would show it, and one medium in a dialog. Captions are other people's
// text: they stay text, each in a direction of its own that cannot turn its surroundings around.
import { base, call, exchange, gridPath } from "./api.js";
import { avatar, busy, chip, copyOf, copyText, find, loader, make, section, time, toast, write } from "./dom.js";
import { state, watch } from "./state.js";
import { day, number, parseTime, plain, quoted, relative, sentence } from "./words.js";

const root = section("preview");
const stage = find("[data-stage]", root);
const list = find("[data-list]", root);
const none = find("[data-none]", root);
const dialog = find("[data-medium]");
const kinds = { IMAGE: "Photo", VIDEO: "Video", CAROUSEL_ALBUM: "Album" };
let chosen = null; // {client_id, fb_page_id, …}
let media = [];
let open = -1;
let asking = null;

/** A client with one mapping needs no Page in its address. */
function path() {
  const several = (state.mappings ?? []).filter((row) => row.client_id === chosen.client_id).length > 1;
  return gridPath(chosen.client_id, several ? chosen.fb_page_id : null);
}

const reload = loader(root, async (current) => {
  if (!chosen) return;
  const { body, headers } = await exchange("GET", path());
  if (current()) show(body, headers);
});

watch("preview", (row) => {
  const other = row.client_id !== chosen?.client_id || row.fb_page_id !== chosen?.fb_page_id;
  chosen = row;
  find("[data-empty]", root).hidden = true;
  find("[data-problem]", root).hidden = true;
  stage.hidden = none.hidden = false;
  none.hidden = true;
  write(stage, { client: row.client_id, page: row.fb_page_name ?? "" });
  if (other) {
    write(stage, { handle: row.ig_username ? `@${row.ig_username}` : row.client_id, posts: "–", followers: "–", follows: "–" });
    chip(find("[data-freshness]", stage), ["", ""]);
    avatar(find("[data-avatar]", stage), null, row.client_id);
    list.replaceChildren(...Array.from({ length: 12 }, () => Object.assign(make("li", ""), { className: "skeleton" })));
  }
  if (row.go) find("#preview-title").focus();
  reload();
});

watch("reload", () => reload.failed() && reload());
watch("forget", () => dialog.close());

function show({ profile, media: items, detail }, headers) {
  media = items ?? [];
  none.hidden = media.length > 0;
  none.textContent = profile ? "This account has no posts yet." : `${detail}. Link a professional account to the Page, then sync again.`;
  list.replaceChildren(...media.map(tile));
  if (!profile) {
    write(stage, { handle: chosen.fb_page_name ?? chosen.client_id, posts: "–", followers: "–", follows: "–" });
    return chip(find("[data-freshness]", stage), ["off", "No Instagram"]);
  }
  write(stage, {
    handle: `@${profile.username}`,
    posts: number(profile.media_count),
    followers: number(profile.followers_count),
    follows: number(profile.follows_count),
  });
  avatar(find("[data-avatar]", stage), profile.profile_picture_url, profile.username ?? chosen.client_id);
  const fetched = new Date(Date.now() - 1000 * Number(headers.get("Age")));
  const stale = headers.get("X-Cache") === "stale";
  chip(find("[data-freshness]", stage), stale ? ["warn", `Stale, from ${relative(fetched)}`]
    : headers.get("X-Cache") === "hit" ? ["off", `Cached ${relative(fetched)}`] : ["ok", "Fresh"]);
  if (stale) toast("Meta cannot be asked right now: this grid is an older one.");
}

const nameOf = (item) => kinds[item.media_type] ?? "Post";

function tile(item, index) {
  const element = copyOf("tile");
  const picture = find("img", element);
  const caption = plain(item.caption).trim();
  const taken = parseTime(item.timestamp);
  // A screen reader hears "Video, 17 Dec 2025: Behind the scenes", not a file name.
  const words = `${nameOf(item)}${taken ? `, ${day(taken)}` : ""}${caption ? `: ${caption.slice(0, 120)}` : ", no caption"}`;
  const address = item.thumbnail_url ?? (item.media_type === "VIDEO" ? null : item.media_url);
  find("button", element).ariaLabel = words;
  find(".tile-words", element).textContent = caption || "No caption";
  picture.alt = "";
  picture.hidden = !address;
  if (address) picture.src = address;
  find(".kind", element).textContent = { VIDEO: "▶", CAROUSEL_ALBUM: "❐" }[item.media_type] ?? "";
  find("button", element).dataset.open = index;
  return element;
}

list.addEventListener("click", ({ target }) => {
  const button = target.closest("[data-open]");
  if (!button) return;
  look(Number(button.dataset.open));
  dialog.showModal();
  find("#medium-title").focus();
});

async function look(index) {
  const item = media[index];
  open = index;
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const address = item.media_url ?? item.thumbnail_url;
  const video = item.media_type === "VIDEO" && item.media_url;
  const view = document.createElement(video ? "video" : "img");
  if (video) {
    view.controls = true;
    view.preload = "none";
    if (item.thumbnail_url) view.poster = item.thumbnail_url;
  } else {
    view.alt = "";
  }
  if (address) view.src = address;
  find("[data-stage]", dialog).replaceChildren(make("p", "No picture available from Instagram."), ...(address ? [view] : []));
  write(dialog, { kind: nameOf(item), caption: item.caption ?? "", likes: "…", comments: "…", trouble: "" });
  find(".caption", dialog).classList.toggle("none", !item.caption);
  time(find("time", dialog), item.timestamp);
  const link = find("[data-permalink]", dialog);
  link.hidden = !/^https:\/\//.test(item.permalink ?? "");
  link.href = link.hidden ? "#preview" : item.permalink;
  for (const button of dialog.querySelectorAll("[data-step]")) button.ariaDisabled = String(!media[index + Number(button.dataset.step)]);
  try {
    const post = await call("GET", `post/${encodeURIComponent(item.id)}/`, undefined, signal);
    write(dialog, { likes: post.like_count === null ? "hidden" : number(post.like_count), comments: number(post.comments_count), caption: post.caption ?? "" });
  } catch (error) {
    if (signal.aborted) return;
    if (!error.fields) throw error;
    write(dialog, { likes: "–", comments: "–", trouble: sentence(error) });
  }
}

function step(by) {
  if (!media[open + by]) return;
  look(open + by);
  toast(list.children[open].firstElementChild.ariaLabel);
}

dialog.addEventListener("click", ({ target }) => {
  const button = target.closest("button");
  if (target === dialog || button?.dataset.close !== undefined) dialog.close();
  else if (button?.dataset.step) step(Number(button.dataset.step));
  else if (button?.dataset.copy) copyText(curl(`post/${media[open].id}/`));
});

dialog.addEventListener("keydown", ({ key, target }) => {
  if (target instanceof HTMLVideoElement) return;
  if (key === "ArrowLeft") step(-1);
  if (key === "ArrowRight") step(1);
});

dialog.addEventListener("close", () => {
  asking?.abort();
  find("[data-stage]", dialog).replaceChildren(); // Stops a video.
  list.children[open]?.firstElementChild?.focus();
});

/** In protected mode no key is needed; otherwise the reader's own stands in a variable. */
function curl(where) {
  const key = state.session?.mode === "protected" ? "" : '-H "X-API-Key: $META_API_KEY" ';
  return `curl ${key}'${new URL(where, base)}'`;
}

find('[data-copy="curl"]', root).addEventListener("click", () => copyText(curl(path())));
find('[data-copy="address"]', root).addEventListener("click", () => copyText(String(new URL(path(), base))));

find("[data-refresh]", root).addEventListener("click", ({ target }) => busy(target, async () => {
  const mapping = state.mappings?.find((row) => row.client_id === chosen.client_id && row.fb_page_id === chosen.fb_page_id);
  try {
    if (mapping) await call("POST", `mappings/${mapping.id}/refresh/`);
    await reload();
    toast(`The grid of ${quoted(chosen.client_id)} is fetched anew.`);
  } catch (error) {
    if (!error.fields) throw error;
    toast(sentence(error));
  }
}));
