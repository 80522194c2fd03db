// A feed on any page. data-limit, -columns, -gap, -ratio keep its place, and win over the feed's own.
const home = import.meta.url;

const css = ({ columns, gap, ratio, theme }) => {
  const look = { light: "background:#fff;color:#111", dark: "background:#111;color:#eee" }[theme] ?? "";
  const grid = (count) => `grid-template-columns:repeat(${count},minmax(0,1fr))`;
  return `:host{display:block;font:14px/1.4 system-ui,sans-serif;${look}}
ul{display:grid;${grid(columns)};gap:${gap}px;margin:0;padding:0;list-style:none}
a,.box{display:block;color:inherit;text-decoration:none}
.box{position:relative;aspect-ratio:${ratio.replace(":", "/")};background:#8884;overflow:hidden}
img{position:absolute;inset:0;width:100%;height:100%;object-fit:cover}
p{margin:4px 0 0;overflow-wrap:anywhere}
ul:not([aria-busy]) .box:empty{visibility:hidden}
a:focus-visible{outline:3px solid;outline-offset:2px}
@media(max-width:480px){ul{${grid(Math.min(columns, 3))}}}`;
};

const make = (name, members, ...children) => {
  const element = Object.assign(document.createElement(name), members);
  element.append(...children);
  return element;
};

const square = () => make("div", { className: "box" });
const boxes = (length) => Array.from({ length }, () => make("li", {}, square()));

class MetaFeed extends HTMLElement {
  sheet = new CSSStyleSheet();

  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [this.sheet];
    this.sheet.replaceSync(css({ columns: 3, gap: 8, ratio: "1:1", ...this.dataset }));
    this.fill({ ariaBusy: "true", ariaLabel: "Instagram" }, boxes(this.dataset.limit ?? 12));
    this.load();
  }

  fill(members, items) {
    this.shadowRoot.replaceChildren(make("ul", members, ...items));
  }

  async load() {
    try {
      const answer = await fetch(new URL(`api/meta/feed/${this.dataset.feed}/`, home), { credentials: "omit" });
      this.show(await answer.json());
      this.dispatchEvent(new Event("load"));
    } catch {
      this.shadowRoot.replaceChildren(make("p", { role: "status" }, "The posts cannot be shown at the moment."));
    }
  }

  show({ feed, posts }) {
    const { limit = posts.length } = this.dataset;
    const layout = { ...feed.layout, ...this.dataset };
    posts.splice(limit);
    // A policy may forbid attributes of style.
    const colours = posts.map(({ color }, at) => color ? `li:nth-child(${at + 1}) .box{background:${color}}` : "");
    this.sheet.replaceSync(css(layout) + colours.join(""));
    const items = posts.map((post, place) => this.item(post, place, layout));
    this.fill({ ariaLabel: `@${feed.username} on Instagram` }, [...items, ...boxes(limit - posts.length)]);
  }

  item(post, place, layout) {
    const box = square();
    const { images } = post;
    if (images) {
      const [width, height] = layout.ratio.split(":");
      const address = (size) => new URL(images[size].url, home);
      const across = Math.min(layout.columns, innerWidth > 480 ? 12 : 3);
      box.append(make("img", {
        alt: post.alt, loading: place < layout.columns * 2 ? "eager" : "lazy",
        width: width * 100, height: height * 100, src: address(640),
        sizes: `${this.clientWidth / across}px`,
        srcset: [320, 640, 1080].map((size) => `${address(size)} ${size}w`),
      }));
    } else {
      box.append(post.alt);
    }
    const parts = [box];
    if (layout.show_captions && post.caption_short) parts.push(make("p", { dir: "auto" }, post.caption_short));
    // A link leads to a web page, whatever it says.
    if (!post.permalink?.startsWith("https://")) return make("li", {}, ...parts);
    return make("li", {}, make("a", { href: post.permalink, target: "_blank", rel: "noopener" }, ...parts));
  }
}

customElements.define("meta-feed", MetaFeed);

for (const script of document.querySelectorAll("script[data-feed]")) {
  if (script.src !== home) continue;
  const element = make("meta-feed");
  Object.assign(element.dataset, script.dataset);
  if (script.closest("head")) document.body.append(element);
  else script.after(element);
}
