// One client: what its site shows, how that is served, and the lines to use it. A post has an address of its own.
import { base, call } from "./api.js";
import { menu } from "./controls.js";
import { fill, focusOn, h } from "./dom.js";
import { drop, grid, pathOf, pictureOf } from "./grids.js";
import { button, chip, copyButton, dot, face, image, name, problem, skeletons, time, toast } from "./parts.js";
import { accountOf, accountState, addressOf, change, clientOf, say, state, watch } from "./store.js";
import { day, number, parseTime, plain, quoted, sentence } from "./words.js";

export function mount(route, signal) {
  const [id] = route.rest;
  const title = h("h1", { tabIndex: -1 }, name(id));
  const who = h("span.big");
  const lines = h("div.lines");
  const facts = h("p.row.facts");
  const doing = h("div.row.actions");
  const said = h("p.notice.slim", { role: "status", hidden: true });
  const pictures = h("ul.grid", { ariaLabel: "Posts" });
  const served = h("dl.served");
  const others = h("div");
  const using = h("div.stack");
  const stage = h("section", { ariaLabel: "Preview" }, said, pictures);
  const side = h("div.side", h("section.panel.stack", { ariaLabel: "How it is served" }, h("h2", "How it is served"), served, others),
    h("section.panel.stack", { ariaLabel: "Use it" }, h("h2", "Use it"), using));
  const root = h("section.client", { ariaLabel: "Client" },
    h("p.crumb", h("a", { href: "#/" }, "Clients")),
    h("div.profile", who, h("div.words", title, lines, facts), doing), h("div.two", stage, side));

  let client;
  let row; // The mapping that is looked at.
  let shown; // Its grid.
  let wanted = route.rest[1]; // The post whose address this is.
  let dialog;
  let asked = 0;

  async function load(fresh) {
    const mine = ++asked;
    if (!row.ig_account_id) return show({ media: [], detail: "No Instagram account linked" });
    const found = await grid(row, { signal, fresh });
    if (mine === asked && !signal.aborted) show(found);
  }

  function show(found) {
    shown = found;
    const { media, cache, detail, error } = found;
    if (!error) localStorage.setItem("shown", "yes");
    if (error) fill(pictures);
    fill(stage, error ? problem(error, () => load(true)) : null,
      error && accountOf(row) && accountState(accountOf(row))[0] === "bad" && h("p", h("a.button.primary", { href: `#/accounts/${row.token_id}` }, h("span", "Replace the token of ", name(accountOf(row).account_label)))), said, pictures);
    const text = error ? "" : detail ? `${detail}. Link a professional account to the Page, then map the client again.`
      : cache === "stale" ? "Meta cannot be asked right now: this is an older grid." : media.length ? "" : "This account has no posts yet.";
    said.hidden = !text;
    fill(said, text);
    if (!error) pictures.replaceChildren(...media.map(tile));
    draw();
    tally();
    if (wanted) look(wanted);
  }

  function tally() {
    const profile = shown?.profile;
    fill(facts, row.ig_account_id && [["posts", profile?.media_count], ["followers", profile?.followers_count], ["following", profile?.follows_count]]
      .map(([what, many]) => h("span", h("b", number(many)), ` ${what}`)));
  }

  /** The pictures as a feed shows them; without one, as they are. */
  function preview(posts, look) {
    pictures.classList.toggle("as-feed", Boolean(posts));
    for (const name of ["--columns", "--gap", "--ratio"]) pictures.style.removeProperty(name);
    pictures.replaceChildren(...(posts ?? shown?.media ?? []).map(tile));
    if (!posts) return;
    pictures.style.setProperty("--columns", look.columns);
    pictures.style.setProperty("--gap", `${look.gap}px`);
    pictures.style.setProperty("--ratio", look.ratio.replace(":", " / "));
    for (const [index, { id: post, caption }] of posts.entries()) {
      const place = pictures.children[index];
      place.classList.toggle("hidden-post", look.hidden.includes(post));
      if (look.pinned.includes(post)) place.firstElementChild.append(h("span.pin", "Pinned"));
      if (look.show_captions) place.append(h("p.hint", { dir: "auto" }, plain(caption).slice(0, 120)));
    }
  }

  function tile(item) {
    const caption = plain(item.caption).trim() || "No caption";
    const address = pictureOf(item);
    const sign = { VIDEO: "▶", CAROUSEL_ALBUM: "❐" }[item.media_type];
    // Heard as "Video, 17 Dec 2025: Behind the scenes".
    const link = h("a.tile", { href: `${addressOf(id)}/${encodeURIComponent(item.id)}`, ariaLabel: `${kindOf(item)}, ${day(parseTime(item.timestamp))}: ${caption.slice(0, 120)}` },
      h("span", { dir: "auto" }, caption), sign && h("span.kind", sign), address && image(address));
    link.dataset.post = item.id;
    return h("li", link);
  }

  function look(post) {
    const index = shown?.media.findIndex((item) => item.id === post) ?? -1;
    if (index < 0) return void (shown && !shown.error && toast("This post is not among the newest of this client."));
    const to = (step) => {
      const item = shown.media[index + step];
      if (item) location.replace(`${addressOf(id)}/${encodeURIComponent(item.id)}`);
    };
    dialog?.close();
    const mine = openPost(shown.media[index], {
      first: index === 0, last: index === shown.media.length - 1, step: to,
      closed: () => {
        if (dialog !== mine) return; // The next one is open already.
        dialog = null;
        // Back leads here too; then the address is right already.
        if (wanted === post) {
          wanted = null;
          history.replaceState(null, "", addressOf(id));
        }
        if (!signal.aborted) pictures.children[index]?.firstElementChild.focus();
      },
    });
    dialog = mine;
  }
  signal.addEventListener("abort", () => {
    wanted = null;
    dialog?.close();
  });

  // ---- What stands around the pictures

  function draw() {
    const account = accountOf(row);
    const profile = shown?.profile;
    const handle = profile?.username ?? row.ig_username;
    fill(who, face(profile?.profile_picture_url, id, ".big"));
    const cached = { stale: ["warn", "Stale"], hit: ["off", "From the cache"], miss: ["ok", "Fresh"] }[shown?.cache];
    fill(lines, h("p", handle ? h("a", { href: `https://www.instagram.com/${encodeURIComponent(handle)}/`, target: "_blank", rel: "noreferrer" }, h("bdi", `@${handle}`)) : h("span.hint", "No Instagram account"),
      " · ", name(row.fb_page_name ?? row.fb_page_id)), h("p.row", dot(client.look), cached && cached[1] !== client.look[1] && chip(cached)));
    if (!doing.childElementCount) deeds();
    const line = (what, ...value) => h("div", h("dt", what), h("dd", value));
    fill(served,
      line("Page", name(row.fb_page_name ?? "–"), " ", h("span.hint", row.fb_page_id ?? "")),
      line("Instagram", row.ig_account_id ? [handle ? h("bdi", `@${handle} `) : null, h("span.hint", row.ig_account_id)] : "None on this Page"),
      line("By account", account ? [h("a", { href: `#/accounts/${account.id}` }, name(account.account_label)), " ", dot(accountState(account))] : "None any more: it is served as long as the Page’s own token lives."),
      account && line("Token ends", time(account.expires_at, "Not known")),
      line("Meta was asked", time(shown?.at ?? row.cached_at, "Not yet")));
    const rest = client.rows.filter((one) => one.id !== row.id);
    fill(others, rest.length ? [h("h3", "Also mapped"), h("ul.stack", rest.map((one) => h("li.row", h("span.words", name(one.fb_page_name ?? one.fb_page_id), " ", h("span.hint", one.ig_account_id ? "stands by: an older mapping" : "has no Instagram account")),
      button("Remove", async () => {
        await call("DELETE", `mappings/${one.id}/`);
        change("mappings", one.id, null);
        toast(`${quoted(one.fb_page_name ?? one.fb_page_id)} is no longer mapped to ${quoted(id)}.`);
        focusOn(title);
      }, { look: ".quiet.danger", ask: () => "Remove?", label: `Remove ${plain(one.fb_page_name ?? one.fb_page_id)} from ${plain(id)}` }))))] : null);
    if (!using.childElementCount) use();
  }

  /** Made once: who has the menu open keeps it. */
  const deeds = () => fill(doing,
    button("Refresh", async () => {
      const { refreshed, detail, mapping } = await call("POST", `mappings/${row.id}/refresh/`);
      drop(row);
      change("mappings", row.id, mapping);
      toast(refreshed ? `The grid of ${quoted(id)} is fetched anew.` : detail);
      await load(true);
    }),
    h("a.button", { href: `#/map?client=${encodeURIComponent(id)}` }, "Move to another Page"),
    menu(`More for ${plain(id)}`,
      button("Remove client", async () => {
        for (const one of client.rows) await call("DELETE", `mappings/${one.id}/`);
        const gone = client.rows;
        for (const one of gone) change("mappings", one.id, null);
        toast(`${quoted(id)} is removed.`);
        location.hash = "#/";
      }, { look: ".danger", ask: () => client.rows.length > 1 ? `Remove with ${client.rows.length} Pages?` : "Remove?", label: `Remove ${plain(id)}` })));

  function use() {
    const address = () => String(new URL(pathOf(row, false), base));
    const isOpen = state.session.mode === "protected";
    const curl = () => `curl ${isOpen ? "" : '-H "X-API-Key: $META_API_KEY" '}'${address()}'`;
    const piece = (what, text, label) => h("div.stack.tight", h("h3", what), h("pre", { tabIndex: 0 }, text()), h("p.row", copyButton(text, label)));
    fill(using,
      piece("In a shell", curl, "Copy curl line"),
      !isOpen && h("p.hint", "META_API_KEY is a key that may read: ", h("a", { href: "#/keys" }, "make one"), "."),
      piece("The endpoint", address, "Copy address"));
    import("./feed.js").then(({ feedPanel }) => !signal.aborted && using.append(feedPanel({ id, media: () => shown?.media ?? [], pictures, preview, signal })), () => {});
  }

  // ---- Coming, staying, going

  function gone() {
    asked++;
    dialog?.close();
    fill(root, h("p.crumb", h("a", { href: "#/" }, "Clients")), h("div.empty", h("h1", { tabIndex: -1 }, state.clients ? "There is no such client" : "One moment …"),
      h("p", name(id), " is not mapped to a Page: it was removed, or never there."), h("p.row.middle", h("a.button.primary", { href: `#/map?client=${encodeURIComponent(id)}` }, "Map it"), h("a.button", { href: "#/" }, "All clients"))));
  }

  let isGone = false;
  function know() {
    const now = clientOf(id);
    if (!now) {
      if (!state.growing && !isGone) gone();
      isGone ||= !state.growing;
      return;
    }
    if (isGone) return location.reload(); // It is back.
    const before = row;
    client = now;
    row = now.row;
    if (before?.id !== row.id || before.ig_account_id !== row.ig_account_id) {
      shown = null;
      fill(using);
      tally();
      pictures.replaceChildren(...(row.ig_account_id ? skeletons(12, ".square") : []));
      load();
    } else if (before.cached_at !== row.cached_at) load();
    draw();
  }
  watch("mappings tokens", know, signal);
  // What stands there is never older than the cache lets it be.
  watch("again", () => row && load(true), signal);
  know();

  return {
    root, title: id,
    update: ({ rest: [other, post] }) => {
      if (other !== id) return false;
      wanted = post;
      if (post) look(post);
      else dialog?.close();
      return true;
    },
  };
}

// ---- One post, in a dialog. Captions stay text and cannot turn their surroundings around.

const kindOf = (item) => ({ IMAGE: "Photo", VIDEO: "Video", CAROUSEL_ALBUM: "Album" })[item.media_type] ?? "Post";

function shownAs({ media_type: kind, media_url: src, thumbnail_url: poster }) {
  if (kind === "VIDEO" && src) return h("video", { controls: true, preload: "none", poster: poster ?? "", src });
  return src ?? poster ? image(src ?? poster) : null;
}

function openPost(item, { step, first, last, closed }) {
  const view = h("div.view", h("p", "Instagram gives no picture of this."), shownAs(item));
  const likes = h("b", "…");
  const comments = h("b", "…");
  const trouble = h("p.error", { role: "alert" });
  const children = (item.children ?? []).filter(({ media_url: url, thumbnail_url: poster }) => url ?? poster);
  const dialog = h("dialog.medium", { ariaLabel: kindOf(item), closedBy: "any" }, view,
    h("div.stack",
      h("h2", { tabIndex: -1 }, kindOf(item)), time(item.timestamp),
      children.length > 1 && h("ul.row.parts", { ariaLabel: "Album" }, children.map((part, index) => h("li", h("button.part", {
        type: "button", ariaLabel: `Part ${index + 1} of ${children.length}`, onclick: () => fill(view, shownAs(part)),
      }, image(part.thumbnail_url ?? part.media_url))))),
      h("p.caption", { dir: "auto", tabIndex: 0 }, item.caption || "No caption"),
      h("p.row", { role: "status" }, h("span", likes, " likes"), h("span", comments, " comments")), trouble,
      item.permalink?.startsWith("https://") && h("p", h("a", { href: item.permalink, target: "_blank", rel: "noreferrer" }, "Open on Instagram")),
      h("p.row", button("Newer", () => step(-1), { more: { disabled: first } }), button("Older", () => step(1), { more: { disabled: last } }), button("Close", () => dialog.close()))),
    h("div.toast", { role: "status" }));
  dialog.lastElementChild.dataset.toast = "";
  dialog.onkeydown = ({ key, target }) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
    if (by && target.tagName !== "VIDEO") step(by);
  };
  dialog.onclose = () => {
    dialog.remove(); // Stops a film, too.
    closed();
  };
  document.body.append(dialog);
  dialog.showModal();
  focusOn(dialog.querySelector("h2"));
  call("GET", `post/${encodeURIComponent(item.id)}/`).then(
    ({ like_count: liked, comments_count: said }) => {
      fill(likes, liked === null ? "hidden" : number(liked));
      fill(comments, number(said));
    },
    (error) => {
      fill(likes, "–");
      fill(comments, "–");
      fill(trouble, sentence(error));
    });
  return dialog;
}
