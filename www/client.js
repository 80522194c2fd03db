// One client, and its feed.
import { accountOf, accountState, addressOf, base, button, call, clientOf, day, dot, exchange, face, fill, focusOn, folded, grid, h, image, listAll, name, number, pageOf, parseTime, pathOf, pictureOf, plain, problem, quoted, sentence, state, time, toast, watch } from "./kit.js";
import { attempt, chip, choice, copyButton, entry, field, go, menu, onSubmit, refreshMapping, removeMappings, skeletons, submit, sure, termed } from "./more.js";

const away = { target: "_blank", rel: "noreferrer" };

export function mount(route, signal) {
  const [id] = route.rest;
  const title = h("h1", { tabIndex: -1 }, name(id));
  const [who, lines, facts, doing, others, using] = ["span", "div", "p.row.facts", "div.row", "div", "div.stack"].map((one) => h(one));
  const said = h("p.notice.slim", { role: "status", hidden: true });
  const pictures = h("ul.grid", { ariaLabel: "Posts" });
  const served = h("dl.served");
  const failed = h("div");
  const panel = (title, ...content) => h("section.panel", { ariaLabel: title }, h("h2", title), content);
  const root = h("section.wide", { ariaLabel: "Client" }, h("p.crumb", h("a", { href: "#/" }, "Clients")),
    h("div.profile", who, h("div.words", title, lines, facts), doing),
    h("div.two", h("section", { ariaLabel: "Preview" }, failed, said, pictures), h("div.side.stack", panel("How it is served", served, others), panel("Use it", using))));

  let client;
  let row;
  let shown;
  let wanted = route.word === "clients" && route.rest[1]; // A post, by its address.
  let current = [];
  let isFeed = false;
  let dialog;
  let asked = 0;
  const toMap = `#/map?client=${encodeURIComponent(id)}`;
  const here = () => (isFeed ? `#/feeds/${encodeURIComponent(id)}` : addressOf(id));

  async function load(fresh) {
    const mine = ++asked;
    const found = row.ig_account_id ? await grid(row, { signal, fresh }) : { media: [], detail: "No Instagram account linked" };
    if (mine !== asked || signal.aborted) return;
    shown = found;
    const { media, cache, detail, error } = found;
    const account = accountOf(row);
    if (!error) localStorage.setItem("shown", "yes");
    fill(failed, error && [problem(error, () => load(true)),
      account && accountState(account)[0] === "bad" && h("p", go(".primary", `#/accounts/${account.id}`, h("span", "Replace the token of ", name(account.account_label))))]);
    fill(said, error ? "" : detail ? `${detail}. Link a professional account to the Page, then map the client again.`
      : cache === "stale" ? "Meta cannot be asked right now: this is an older grid." : media.length ? "" : "This account has no posts yet.");
    said.hidden = !said.textContent;
    if (!isFeed) preview();
    draw();
    tally();
    if (wanted) look(wanted);
  }

  const tally = () => fill(facts, row.ig_account_id && Object.entries({ posts: "media_count", followers: "followers_count", following: "follows_count" })
    .map(([what, many]) => h("span", h("b", number(shown?.profile?.[many])), ` ${what}`)));

  function preview(posts, look) {
    isFeed = Boolean(posts);
    current = posts ?? shown?.media ?? [];
    pictures.classList.toggle("as-feed", isFeed);
    fill(pictures, current.map(tile));
    if (!isFeed) return;
    pictures.style = `--columns: ${look.columns}; --gap: ${look.gap}px; --ratio: ${look.ratio.replace(":", "/")}`;
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
    const [kind, sign] = kindOf(item);
    const link = h("a.tile", { href: `${addressOf(id)}/${encodeURIComponent(item.id)}`, ariaLabel: `${kind}, ${day(parseTime(item.timestamp))}: ${caption.slice(0, 120)}` },
      h("span", { dir: "auto" }, caption), sign && h("span.kind", sign), address && image(address));
    link.dataset.post = item.id;
    return h("li", link);
  }

  function look(post) {
    const posts = current;
    const index = posts.findIndex((item) => item.id === post);
    if (index < 0) return void (shown && !shown.error && toast("This post is none of the newest."));
    dialog?.close();
    const mine = openPost(posts, index, {
      step: (by) => posts[index + by] && location.replace(`${addressOf(id)}/${encodeURIComponent(posts[index + by].id)}`),
      closed: () => {
        if (dialog !== mine) return; // The next one is open already.
        dialog = null;
        // After Back the address is right already.
        if (wanted === post) {
          wanted = null;
          history.replaceState(null, "", here());
        }
        if (!signal.aborted) pictures.querySelector(`[data-post="${CSS.escape(post)}"]`)?.focus();
      },
    });
    dialog = mine;
  }
  signal.addEventListener("abort", () => {
    wanted = null;
    dialog?.close();
  });

  function draw() {
    const account = accountOf(row);
    const profile = shown?.profile;
    const handle = profile?.username ?? row.ig_username;
    fill(who, face(profile?.profile_picture_url, id, ".big"));
    const cached = { stale: ["warn", "Stale"], hit: ["off", "From the cache"], miss: ["ok", "Fresh"] }[shown?.cache];
    fill(lines, h("p", handle ? h("a", { href: `https://www.instagram.com/${encodeURIComponent(handle)}/`, ...away }, h("bdi", `@${handle}`)) : h("span.hint", "No Instagram account"),
      " · ", name(client.page)), h("p.row", dot(client.look), cached && cached[1] !== client.look[1] && chip(cached)));
    if (!doing.childElementCount) deeds();
    fill(served,
      termed("Page", name(client.page), " ", h("span.hint", row.fb_page_id)),
      termed("Instagram", row.ig_account_id ? [handle && h("bdi", `@${handle} `), h("span.hint", row.ig_account_id)] : "None on this Page"),
      termed("By account", account ? [h("a", { href: `#/accounts/${account.id}` }, name(account.account_label)), " ", dot(accountState(account))] : "None any more: it is served as long as the Page’s own token lives."),
      account && termed("Token ends", time(account.expires_at, "Not known")),
      termed("Meta was asked", time(shown?.at ?? row.cached_at, "Not yet")));
    const rest = client.rows.filter((one) => one.id !== row.id);
    fill(others, rest.length > 0 && [h("h3", "Also mapped"), h("ul.stack", rest.map((one) => h("li.row", h("span.words", name(pageOf(one)), " ", h("span.hint", one.ig_account_id ? "stands by: an older mapping" : "has no Instagram account")),
      button("Remove", async () => {
        await removeMappings([one]);
        toast(`${quoted(pageOf(one))} is no longer mapped to ${quoted(id)}.`);
        focusOn(title);
      }, { look: ".quiet.danger", may: sure(() => "Remove?"), label: `Remove ${plain(pageOf(one))} from ${plain(id)}` }))))]);
    if (!using.childElementCount) use();
  }

  const deeds = () => fill(doing,
    button("Refresh", async () => {
      const { refreshed, detail } = await refreshMapping(row);
      toast(refreshed ? `The grid of ${quoted(id)} is fetched anew.` : detail);
      await load(true);
    }),
    go("", toMap, "Change Page"),
    menu(`More for ${plain(id)}`,
      button("Remove client", async () => {
        await removeMappings(client.rows);
        toast(`${quoted(id)} is removed.`);
        location.hash = "#/";
      }, { look: ".danger", may: sure(() => client.rows.length > 1 ? `Remove with ${client.rows.length} Pages?` : "Remove?"), label: `Remove ${plain(id)}` })));

  function use() {
    const address = () => String(new URL(pathOf(row), base));
    const isOpen = state.session.mode === "protected";
    const curl = () => `curl ${isOpen ? "'" : "-H \"X-API-Key: $META_API_KEY\" '"}${address()}'`;
    const piece = (what, text, label) => h("div.stack.tight", h("h3", what), h("pre", { tabIndex: 0 }, text()), h("p.row", copyButton(text, label)));
    fill(using,
      piece("In a shell", curl, "Copy curl line"),
      !isOpen && h("p.hint", "META_API_KEY is a key that may read: ", h("a", { href: "#/keys" }, "make one"), "."),
      piece("The endpoint", address, "Copy address"), feedPanel({ id, open: route.word === "feeds", pictures, preview, signal }));
  }

  let isGone = false;
  function know() {
    const now = clientOf(id);
    if (!now) {
      if (state.growing || isGone) return;
      isGone = true;
      asked++;
      dialog?.close();
      return fill(root, h("p.crumb", h("a", { href: "#/" }, "Clients")), h("div.empty.stack", h("h1", { tabIndex: -1 }, "There is no such client"),
        h("p", name(id), " is not mapped to a Page: it was removed, or never there."), h("p.row.middle", go(".primary", toMap, "Map it"), go("", "#/", "All clients"))));
    }
    if (isGone) return location.reload();
    const before = row;
    client = now;
    row = now.row;
    if (before?.id !== row.id || before.ig_account_id !== row.ig_account_id) {
      shown = null;
      fill(using);
      tally();
      fill(pictures, row.ig_account_id && skeletons(12, ".square"));
      load();
    } else if (before.cached_at !== row.cached_at) load();
    draw();
  }
  watch("mappings tokens", know, signal);
  watch("again", () => row && load(true), signal);
  know();

  return {
    root, title: id,
    update: ({ word, rest: [other, post] }) => {
      if (other !== id || (word === "feeds" && !isFeed)) return false;
      wanted = post;
      if (post) look(post);
      else dialog?.close();
      return true;
    },
  };
}

const kindOf = (item) => ({ IMAGE: ["Photo"], VIDEO: ["Video", "▶"], CAROUSEL_ALBUM: ["Album", "❐"] })[item.media_type] ?? ["Post"];

function shownAs({ media_type: kind, media_url: src, thumbnail_url: poster }) {
  if (kind === "VIDEO" && src) return h("video", { controls: true, preload: "none", poster: poster ?? "", src });
  return src ?? poster ? image(src ?? poster) : null;
}

function openPost(media, index, { step, closed }) {
  const item = media[index];
  const view = h("div.view", h("p", "Instagram gives no picture of this."), shownAs(item));
  const [likes, comments, trouble] = [h("b", "…"), h("b", "…"), h("p.error", { role: "alert" })];
  const children = (item.children ?? []).filter(({ media_url: url, thumbnail_url: poster }) => url ?? poster);
  const [kind] = kindOf(item);
  const title = h("h2", kind);
  const said = h("div.toast", { role: "status" });
  said.dataset.toast = "";
  const dialog = h("dialog.medium", { ariaLabel: kind, closedBy: "any" }, view,
    h("div.stack", title, time(item.timestamp),
      children.length > 1 && h("ul.row", { ariaLabel: "Album" }, children.map((part, at) => h("li", h("button.part", {
        type: "button", ariaLabel: `Part ${at + 1} of ${children.length}`, onclick: () => fill(view, shownAs(part)),
      }, image(part.thumbnail_url ?? part.media_url))))),
      h("p.caption", { dir: "auto", tabIndex: 0 }, item.caption || "No caption"),
      h("p.row", { role: "status" }, h("span", likes, " likes"), h("span", comments, " comments")), trouble,
      item.permalink?.startsWith("https://") && h("p", h("a", { href: item.permalink, ...away }, "Open on Instagram")),
      h("p.row", button("Newer", () => step(-1), { more: { disabled: !index } }), button("Older", () => step(1), { more: { disabled: index === media.length - 1 } }), button("Close", () => dialog.close()))), said);
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
  focusOn(title);
  call("GET", `post/${encodeURIComponent(item.id)}/`).then(({ like_count: liked, comments_count: remarks }) => [liked === null ? "hidden" : number(liked), number(remarks)], (error) => {
    fill(trouble, sentence(error));
    return ["–", "–"];
  }).then(([liked, remarks]) => {
    fill(likes, liked);
    fill(comments, remarks);
  });
  return dialog;
}

const kinds = { image: "Photos", video: "Videos", reel: "Reels", album: "Albums" };
const kindIn = (item) => ({ VIDEO: item.media_product_type === "REELS" ? "reel" : "video", CAROUSEL_ALBUM: "album", IMAGE: "image" })[item.media_type];
const split = (text, by = /,/) => text.split(by).map((one) => one.trim()).filter(Boolean);

function feedPanel({ id, open, pictures, preview, signal }) {
  const root = h("div.stack.tight", { role: "group", ariaLabel: "Feed" });
  const title = h("h3", "On a site, without a key");
  let feed;
  let all; // The newest 100.

  const load = () => attempt(root, signal, () => listAll("feeds"), (feeds) => {
    feed = feeds.find((one) => one.client_id === id);
    draw();
  });

  async function fetchAll() {
    const found = [];
    for (let after = ""; after !== null && found.length < 100; ) {
      const { answer } = await exchange("GET", `${pathOf({ client_id: id })}?images=local&limit=50&include=children,like_count,media_product_type,shared_to_feed${after && `&after=${after}`}`);
      found.push(...answer.media ?? []);
      after = answer.paging?.next ? found.at(-1).id : null;
    }
    all = found;
  }

  const sites = (value = "") => entry("origins", { value, placeholder: "https://site.example" });
  const siteField = (input) => field("Sites that may show it", input, "Addresses, divided by commas; https://*.site.example for all below it, any for everybody.");

  function draw() {
    if (feed) return edit();
    const origins = sites();
    fill(root, title, onSubmit(h("form.stack", siteField(origins), h("p.row", h("button", { type: "submit" }, "Make a feed"))), async () => {
      feed = await call("POST", "feeds/", { client_id: id, name: id, origins: split(origins.value, /[\s,]/) });
      toast(`The feed of ${quoted(id)} is made.`);
      draw();
      focusOn(title);
    }));
  }

  function edit() {
    let { hidden, pinned } = feed;
    let mode = null; // "hide" or "pin".
    const numeric = (name, max, min = 1) => entry(name, { type: "number", min, max, value: feed[name] });
    const choose = (name, texts) => choice(texts, { name }, feed[name]);
    const tick = (checked, label, value = "") => h("label.row.check", h("input", { type: "checkbox", checked, value }), label);
    const isOn = (label) => label.firstElementChild.checked;
    const [limit, columns, gap] = [numeric("limit", 50), numeric("columns", 12), numeric("gap", 64, 0)];
    const ratio = choose("ratio", { "1:1": "Square", "4:5": "4 : 5", "3:4": "3 : 4" });
    const order = choose("order", { newest: "Newest first", oldest: "Oldest first", likes: "Most liked" });
    const theme = choose("theme", { auto: "As the reader has it", light: "Light", dark: "Dark" });
    const [only, never] = ["include_any", "exclude_any"].map((name) => entry(name, { value: feed[name].join(", "), placeholder: "#summer, =Sale" }));
    const [captions, offGrid] = [tick(feed.show_captions, "Captions"), tick(feed.off_grid_reels, "Reels off the grid")];
    const types = Object.entries(kinds).map(([kind, label]) => tick(feed.types.includes(kind), label, kind));
    const origins = sites(feed.origins.join(", "));
    const chosen = h("p.hint", { role: "status" });

    const settings = () => ({
      limit: Number(limit.value), columns: Number(columns.value), gap: Number(gap.value), ratio: ratio.value, order: order.value, theme: theme.value,
      show_captions: isOn(captions), off_grid_reels: isOn(offGrid), types: types.filter(isOn).map((one) => one.firstElementChild.value),
      include_any: split(only.value), exclude_any: split(never.value), hidden, pinned, origins: split(origins.value, /[\s,]/),
    });
    function look() {
      if (!all) return;
      const now = settings();
      const has = ({ caption }) => (text) => (text[0] === "=" ? (caption ?? "").includes(text.slice(1)) : folded(caption ?? "").includes(folded(text)));
      const at = ({ id: post }) => (pinned.includes(post) ? pinned.indexOf(post) : pinned.length);
      const fits = (item) => pinned.includes(item.id) || ((kindIn(item) ? now.types.includes(kindIn(item)) : now.types.length === types.length)
        && (now.off_grid_reels || kindIn(item) !== "reel" || item.shared_to_feed !== false)
        && (!now.include_any.length || now.include_any.some(has(item))) && !now.exclude_any.some(has(item)));
      const by = { newest: (a, b) => parseTime(b.timestamp) - parseTime(a.timestamp), oldest: (a, b) => parseTime(a.timestamp) - parseTime(b.timestamp), likes: (a, b) => (b.like_count ?? -1) - (a.like_count ?? -1) };
      const seen = all.filter((item) => fits(item) && (mode || !hidden.includes(item.id))).sort(by.newest).sort(by[now.order]).sort((a, b) => at(a) - at(b));
      preview(mode ? seen : seen.slice(0, now.limit), now);
      fill(chosen, `${pinned.length} pinned, ${hidden.length} hidden.${mode ? ` Click a picture to ${mode} it, or to take that back.` : ""}`);
    }
    const picking = ["pin", "hide"].map((what) => button(what === "pin" ? "Pin posts" : "Hide posts", () => {
      mode = mode === what ? null : what;
      picking.forEach((one, index) => (one.ariaPressed = String(mode === ["pin", "hide"][index])));
      look();
    }, { look: ".pill" }));
    const toggle = (ids, post) => (ids.includes(post) ? ids.filter((one) => one !== post) : [...ids, post]);
    const stop = new AbortController();
    signal.addEventListener("abort", () => stop.abort());
    pictures.addEventListener("click", (event) => {
      const post = mode && event.target.closest("a")?.dataset.post;
      if (!post) return;
      event.preventDefault();
      if (mode === "pin") pinned = toggle(pinned, post);
      else hidden = toggle(hidden, post);
      look();
      pictures.querySelector(`[data-post="${CSS.escape(post)}"]`)?.focus();
    }, { signal: stop.signal });

    const line = () => `<script type="module" src="${new URL("./embed.js", document.baseURI)}" data-feed="${feed.public_id}"></script>`;
    const form = onSubmit(h("form.stack", h("div.columns.narrow", field("Columns", columns), field("Posts", limit), field("Gap", gap), field("Shape", ratio), field("Order", order), field("Colours", theme)),
      h("div.row", { role: "group", ariaLabel: "Kinds" }, types, captions, offGrid),
      h("div.columns.narrow", field("Only with", only), field("Never with", never)), h("p.hint", "Snippets of captions, divided by commas; = in front for exactly so."),
      h("div.row", picking), chosen, siteField(origins),
      h("p.row", submit("Save the feed"),
        button("Delete", async () => {
          await call("DELETE", `feeds/${feed.id}/`);
          stop.abort();
          feed = null;
          preview();
          draw();
          toast("The feed is deleted: the site shows nothing from now on.");
          focusOn(title);
        }, { look: ".quiet.danger", may: sure(() => "Delete? The site then shows nothing"), label: `Delete the feed of ${plain(id)}` }))), async () => {
      feed = await call("PATCH", `feeds/${feed.id}/`, settings());
      toast(`The feed of ${quoted(id)} is saved. Sites show it within five minutes.`);
    });
    form.oninput = look;
    const place = h("div");
    fill(root, title, h("pre", { tabIndex: 0 }, line()), h("p.row", copyButton(line, "Copy embed line"), copyButton(() => String(new URL(`feed/${feed.public_id}/`, base)), "Copy feed address")),
      h("details.stack", { open, ontoggle: async ({ target }) => {
        history.replaceState(null, "", `#/${target.open ? "feeds" : "clients"}/${encodeURIComponent(id)}`);
        if (!target.open) return preview();
        await fetchAll().then(() => fill(place), (error) => fill(place, problem(error, () => target.dispatchEvent(new Event("toggle")))));
        if (target.open && !signal.aborted) look();
      } }, h("summary", "Settings, seen in the pictures"), place, form));
  }

  load();
  return root;
}
