// One post in a dialog. Captions stay text and cannot turn their surroundings around.
import { call } from "./api.js";
import { fill, focusOn, h } from "./dom.js";
import { button, image, time } from "./parts.js";
import { number, sentence } from "./words.js";

export const kindOf = (item) => ({ IMAGE: "Photo", VIDEO: "Video", CAROUSEL_ALBUM: "Album" })[item.media_type] ?? "Post";

function shownAs({ media_type: kind, media_url: src, thumbnail_url: poster }) {
  if (kind === "VIDEO" && src) return h("video", { controls: true, preload: "none", poster: poster ?? "", src });
  return src ?? poster ? image(src ?? poster) : null;
}

export function openPost(item, { step, first, last, closed }) {
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
