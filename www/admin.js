// The page: starts the sections, tells when the line is lost, marks where one is.
import { all, find, line, state, toast, watch, write } from "./dom.js";
import { start } from "./session.js";
import * as health from "./health.js";
import * as accounts from "./accounts.js";
import "./connect.js";
import * as map from "./map.js";
import * as clients from "./clients.js";
import "./preview.js";
import * as events from "./events.js";

const links = all("[data-rail] a");
let trying; // The interval of new attempts while the line is lost.

const reveal = () => (document.body.className = "");

watch("marked", accounts.reload);
watch("reload", async () => {
  setTimeout(reveal, 500); // Then skeletons show.
  await Promise.all([accounts.reload(), clients.reload(), events.reload()]);
  reveal();
  if (state.tokens) map.reload();
});

line.addEventListener("lost", () => {
  trying ??= setInterval(health.reload, 3000);
  write(document, { lost: "Connection lost. What you typed is kept. Trying again …" });
});

line.addEventListener("answered", () => {
  if (!trying) return;
  trying = clearInterval(trying);
  write(document, { lost: "" });
  toast("Connected again.");
  open();
});

async function open() {
  setTimeout(reveal, 500);
  health.reload();
  if (!(await start().catch((error) => toast(error.message)))) reveal();
}

const seen = new IntersectionObserver((entries) => {
  const id = entries.findLast((entry) => entry.isIntersecting)?.target.id;
  if (id) for (const link of links) link.ariaCurrent = link.hash === `#${id}`;
}, { rootMargin: "-20% 0px -70%" });
for (const link of links) seen.observe(find(link.hash));

open();
