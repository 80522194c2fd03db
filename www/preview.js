// Preview: a client's grid, one medium in a dialog. Captions stay text and cannot turn their surroundings around.
import { actions, base, call, copyOf, copyText, day, exchange, find, focusOn, image, loader, make, parseTime, plain, say, section, sentence, skeletons, state, watch, write } from "./dom.js";

const { root, list, empty } = section("preview");
const stage = find("[data-stage]", root);
const dialog = find("dialog");
const view = find("[data-view]");
let chosen; // {client_id, fb_page_id, …}
let media = [];
let open = 0;

/** One mapping needs no Page in its address. Shells want the apostrophe escaped. */
function path() {
  const several = state.mappings?.filter((row) => row.client_id === chosen.client_id).length > 1;
  const client = encodeURIComponent(chosen.client_id).replaceAll("'", "%27");
  return `instagram/${client}/${several ? `?fb_page_id=${chosen.fb_page_id}` : ""}`;
}

const reload = loader(root, async (current) => {
  // Browsers do not show Meta's own pictures on another site's page.
  const { answer, headers } = await exchange("GET", `${path()}${path().includes("?") ? "&" : "?"}images=local`);
  if (current()) show(answer, headers);
});

const head = (handle, chip, { profile_picture_url: face, media_count, followers_count, follows_count } = {}) =>
  write(stage, { handle, chip, face: [face, chosen.client_id], media_count, followers_count, follows_count });

watch("preview", (row) => {
  chosen = row;
  empty.hidden = true;
  stage.hidden = false;
  write(stage, { ...row, none: "", fetched: null });
  head(row.ig_username ? `@${row.ig_username}` : row.client_id, []);
  skeletons(list, 15);
  reload();
});

watch("reload", () => chosen && reload());
watch("forget", () => dialog.close());

function show({ profile, media: items = [], detail }, headers) {
  media = items;
  list.replaceChildren(...media.map(tile));
  if (!profile) {
    write(stage, { none: `${detail}. Link a professional account to the Page, then sync again.` });
    return head(chosen.fb_page_name, ["off", "No Instagram"]);
  }
  const cache = headers.get("X-Cache");
  if (cache === "miss") say("mapped");
  write(stage, {
    none: cache === "stale" ? "Meta cannot be asked right now: this is an older grid." : media.length ? "" : "This account has no posts yet.",
    fetched: new Date(Date.now() - 1000 * headers.get("Age")).toISOString(),
  });
  head(`@${profile.username}`, { stale: ["warn", "Stale"], hit: ["off", "Cached"] }[cache] ?? ["ok", "Fresh"], profile);
}

const kindOf = (item) => ({ IMAGE: "Photo", VIDEO: "Video", CAROUSEL_ALBUM: "Album" })[item.media_type] ?? "Post";

function tile(item, index) {
  const element = copyOf("tile");
  const button = element.firstElementChild;
  const caption = plain(item.caption).trim() || "No caption";
  const address = item.thumbnail_url ?? (item.media_type === "VIDEO" ? null : item.media_url);
  // Heard as "Video, 17 Dec 2025: Behind the scenes".
  button.ariaLabel = `${kindOf(item)}, ${day(parseTime(item.timestamp))}: ${caption.slice(0, 120)}`;
  button.dataset.index = index;
  write(element, { caption, kind: { VIDEO: "▶", CAROUSEL_ALBUM: "❐" }[item.media_type] });
  if (address) button.append(image(address));
  return element;
}

async function look(index) {
  const item = media[index];
  if (!item) return;
  open = index;
  const { media_url: src, thumbnail_url: poster } = item;
  const film = item.media_type === "VIDEO" && src;
  const medium = film ? make("video", "", { controls: true, preload: "none", poster: poster ?? "", src }) : image(src ?? poster);
  view.replaceChildren(make("p", "Instagram gives no picture of this."), ...(src ?? poster ? [medium] : []));
  write(dialog, { ...item, caption: item.caption || null, kind: kindOf(item), like_count: "…", comments_count: "…", trouble: "" });
  const link = find("a", dialog);
  link.hidden = !item.permalink?.startsWith("https://");
  if (!link.hidden) link.href = item.permalink;
  const fill = (values) => media[open] === item && write(dialog, values);
  await call("GET", `post/${encodeURIComponent(item.id)}/`).then(
    ({ like_count, comments_count }) => fill({ like_count, comments_count }),
    (error) => fill({ like_count: "–", comments_count: "–", trouble: sentence(error) }),
  );
}

actions(list, {
  open: async ({ dataset }) => {
    look(Number(dataset.index));
    dialog.showModal();
    focusOn(find("h2", dialog));
  },
});

dialog.addEventListener("keydown", ({ key, target }) => {
  if (target.tagName !== "VIDEO") look(open + ({ ArrowLeft: -1, ArrowRight: 1 }[key] ?? NaN));
});
dialog.addEventListener("close", () => {
  view.replaceChildren(); // Stops a film.
  list.children[open]?.firstElementChild.focus();
});

actions(dialog, {
  step: ({ dataset }) => look(open + Number(dataset.by)),
  close: async () => dialog.close(),
});

const address = () => new URL(path(), base);

actions(stage, {
  curl: () => copyText(`curl ${state.session.mode === "protected" ? "" : '-H "X-API-Key: $META_API_KEY" '}'${address()}'`),
  address: () => copyText(address()),
});
