// A feed on any page. data-limit, -columns, -gap, -ratio keep its place where they are not 12, 3, 8, 1:1.
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
a:focus-visible{outline:3px solid;outline-offset:2px}
@media(max-width:480px){ul{${grid(Math.min(columns, 3))}}}`;
};

const make = (name, members, ...children) => {
  const element = Object.assign(document.createElement(name), members);
  element.append(...children);
  return element;
};

const square = () => make("div", { className: "box" });

class MetaFeed extends HTMLElement {
  sheet = new CSSStyleSheet();

  connectedCallback() {
    if (this.shadowRoot) return;
    const { limit = 12, columns = 3, gap = 8, ratio = "1:1" } = this.dataset;
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [this.sheet];
    this.sheet.replaceSync(css({ columns, gap, ratio }));
    const boxes = Array.from({ length: limit }, () => make("li", {}, square()));
    this.shadowRoot.append(make("ul", { ariaBusy: "true", ariaLabel: "Instagram" }, ...boxes));
    this.load();
  }

  async load() {
    try {
      const answer = await fetch(new URL(`api/meta/feed/${this.dataset.feed}/`, home), { credentials: "omit" });
      const json = await answer.json();
      this.show(json);
      this.dispatchEvent(new Event("load"));
    } catch {
      this.shadowRoot.replaceChildren(make("p", { role: "status" }, "The posts cannot be shown at the moment."));
    }
  }

  show({ feed: { layout, username }, posts }) {
    // A policy may forbid attributes of style.
    const colours = posts.map(({ color }, place) => color ? `li:nth-child(${place + 1}) .box{background:${color}}` : "");
    this.sheet.replaceSync(css(layout) + colours.join(""));
    const items = posts.map((post, place) => this.item(post, place, layout));
    this.shadowRoot.replaceChildren(make("ul", { ariaLabel: `@${username} on Instagram` }, ...items));
  }

  item(post, place, layout) {
    const box = square();
    if (post.images) {
      const [width, height] = layout.ratio.split(":");
      const { [640]: medium } = post.images;
      const address = (size) => new URL(post.images[size].url, home).href;
      const across = Math.min(layout.columns, window.innerWidth > 480 ? 12 : 3);
      box.append(make("img", {
        alt: post.alt, loading: place < layout.columns * 2 ? "eager" : "lazy",
        width: medium.width ?? width * 100, height: medium.height ?? height * 100,
        sizes: `${this.clientWidth / across}px`,
        srcset: [320, 640, 1080].map((size) => `${address(size)} ${size}w`).join(","), src: address(640),
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
