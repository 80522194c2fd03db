// A client's feed on a client's site: its settings, seen at once in the pictures beside them, and the line that shows it there.
import { base, call, listAll } from "./api.js";
import { field, onSubmit } from "./controls.js";
import { fill, focusOn, h } from "./dom.js";
import { button, copyButton, problem, toast } from "./parts.js";
import { plain, quoted } from "./words.js";

const kinds = { image: "Photos", video: "Videos", reel: "Reels", album: "Albums" };
const kindOf = ({ media_type: type }) => ({ VIDEO: "video", CAROUSEL_ALBUM: "album" })[type] ?? "image";
const list = (text) => text.split(/[\s,]+/).filter(Boolean);

/** `preview(posts, look)` shows what the site will show; null gives the plain grid back. */
export function feedPanel({ id, media, pictures, preview, signal }) {
  const root = h("div.stack", { role: "group", ariaLabel: "Feed" });
  let feed;

  async function load() {
    try {
      let feeds = [];
      await listAll("feeds", (rows) => (feeds = rows));
      if (signal.aborted) return;
      feed = feeds.find((one) => one.client_id === id);
      draw();
    } catch (error) {
      if (!signal.aborted && error.status !== 401) fill(root, problem(error, load));
    }
  }

  const sites = (value = "") => h("input", { name: "origins", value, autocomplete: "off", placeholder: "https://site.example" });
  const originsOf = (input) => list(input.value);

  function draw() {
    if (feed) return edit();
    const origins = sites();
    fill(root, h("h3", "On a site, without a key"), onSubmit(h("form.stack", field("Sites that may show it", origins, "Addresses, divided by commas; https://*.site.example for all below it, any for everybody."),
      h("p.row", h("button", { type: "submit" }, "Make a feed"))), async () => {
      feed = await call("POST", "feeds/", { client_id: id, name: id, origins: originsOf(origins) });
      toast(`The feed of ${quoted(id)} is made.`);
      draw();
      focusOn(root.querySelector("h3"));
    }));
  }

  function edit() {
    let hidden = [...feed.hidden ?? []];
    let pinned = [...feed.pinned ?? []];
    let mode = null; // What a click on a picture does: "hide" or "pin".
    const number = (name, max, min = 1) => h("input", { type: "number", name, min, max, value: feed[name] });
    const choose = (name, values) => h("select", { name }, Object.entries(values).map(([value, text]) => h("option", { value, selected: value === feed[name] }, text)));
    const inputs = {
      limit: number("limit", 50), columns: number("columns", 12), gap: number("gap", 64, 0),
      ratio: choose("ratio", { "1:1": "Square", "4:5": "4 : 5", "3:4": "3 : 4" }),
      order: choose("order", { newest: "Newest first", oldest: "Oldest first", likes: "Most liked" }),
      theme: choose("theme", { auto: "As the reader has it", light: "Light", dark: "Dark" }),
    };
    const captions = h("input", { type: "checkbox", checked: feed.show_captions });
    const types = Object.keys(kinds).map((kind) => h("input", { type: "checkbox", value: kind, checked: feed.types.includes(kind) }));
    const origins = sites(feed.origins.join(", "));
    const chosen = h("p.hint", { role: "status" });

    const settings = () => ({
      limit: Number(inputs.limit.value), columns: Number(inputs.columns.value), gap: Number(inputs.gap.value), ratio: inputs.ratio.value, order: inputs.order.value,
      theme: inputs.theme.value, show_captions: captions.checked, types: types.filter((one) => one.checked).map((one) => one.value), hidden, pinned, origins: originsOf(origins),
    });
    function look() {
      const now = settings();
      const at = ({ id: post }) => (pinned.includes(post) ? pinned.indexOf(post) : pinned.length);
      const all = media().filter((item) => now.types.includes(kindOf(item)) || (kindOf(item) === "video" && now.types.includes("reel")));
      if (now.order === "oldest") all.reverse();
      const seen = all.filter((item) => mode || !hidden.includes(item.id)).sort((a, b) => at(a) - at(b));
      preview(mode ? seen : seen.slice(0, now.limit), { ...now, hidden, pinned });
      fill(chosen, `${pinned.length} pinned, ${hidden.length} hidden.${mode ? ` Click a picture to ${mode} it, or to take that back.` : ""}`);
    }
    const picking = ["pin", "hide"].map((what) => button(what === "pin" ? "Pin posts" : "Hide posts", () => {
      mode = mode === what ? null : what;
      for (const one of picking) one.ariaPressed = String(one === picking[what === "pin" ? 0 : 1] && mode !== null);
      look();
    }, { look: ".pill" }));
    const toggle = (ids, post) => (ids.includes(post) ? ids.filter((one) => one !== post) : [...ids, post]);
    const pick = (event) => {
      const tile = mode && event.target.closest("a");
      if (!tile) return;
      event.preventDefault();
      if (mode === "pin") pinned = toggle(pinned, tile.dataset.post);
      else hidden = toggle(hidden, tile.dataset.post);
      look();
      pictures.querySelector(`[data-post="${tile.dataset.post}"]`)?.focus();
    };
    const stop = new AbortController();
    signal.addEventListener("abort", () => stop.abort());
    pictures.addEventListener("click", pick, { signal: stop.signal });

    const page = String(new URL("./embed.js", document.baseURI));
    const line = () => `<script type="module" src="${page}" data-feed="${feed.public_id}"></script>`;
    const address = () => String(new URL(`feed/${feed.public_id}/`, base));
    const form = onSubmit(h("form.stack", h("div.columns.narrow", field("Columns", inputs.columns), field("Posts", inputs.limit), field("Gap", inputs.gap), field("Shape", inputs.ratio), field("Order", inputs.order), field("Colours", inputs.theme)),
      h("div.row", { role: "group", ariaLabel: "Kinds" }, types.map((one) => h("label.row.check", one, kinds[one.value])), h("label.row.check", captions, "Captions")),
      h("div.row", picking), chosen, field("Sites that may show it", origins),
      h("p.row", h("button.primary", { type: "submit" }, "Save the feed"), button("Plain grid", () => (stop.abort(), preview(null), edit()), { look: ".quiet" }),
        button("Delete", async () => {
          await call("DELETE", `feeds/${feed.id}/`);
          stop.abort();
          feed = null;
          preview(null);
          draw();
          toast("The feed is deleted: the site shows nothing from now on.");
          focusOn(root.querySelector("h3"));
        }, { look: ".quiet.danger", ask: () => "Delete? The site then shows nothing", label: `Delete the feed of ${plain(id)}` }))), async () => {
      feed = await call("PATCH", `feeds/${feed.id}/`, settings());
      toast(`The feed of ${quoted(id)} is saved. Sites show it within five minutes.`);
    });
    form.oninput = look;
    fill(root, h("h3", "On a site"), h("pre", { tabIndex: 0 }, line()), h("p.row", copyButton(line, "Copy embed line"), copyButton(address, "Copy feed address")),
      h("details", { ontoggle: ({ target }) => (target.open ? look() : preview(null)) }, h("summary", "Settings, seen in the pictures"), form));
  }

  load();
  return root;
}
