// The page: starts the sections, tells when the line is lost and recovers, marks where one is.
import { call, line } from "./api.js";
import { all, find, toast, write } from "./dom.js";
import { start } from "./session.js";
import { state, watch } from "./state.js";
import * as health from "./health.js";
import * as accounts from "./accounts.js";
import "./connect.js";
import * as map from "./map.js";
import * as clients from "./clients.js";
import "./preview.js";
import * as events from "./events.js";

const body = document.body;
const lost = find("[data-lost]");
let waits = 0; // Seconds of the current pause between attempts, 0 while the line is fine.
let timer;

async function load() {
  await Promise.allSettled([accounts.reload(), clients.reload(), events.reload()]);
  body.classList.remove("starting");
  if (state.tokens) await map.reload();
}

watch("reload", load);
watch("marked", accounts.reload);

async function attempt() {
  clearInterval(timer);
  write(lost, { lost: "Connection lost. Trying …" });
  await call("GET", "health/").catch(() => {});
  if (waits) pause();
}

function pause() {
  clearInterval(timer);
  let left = (waits = Math.min(waits * 2 || 2, 16));
  const tell = () => {
    if (left <= 0) return attempt();
    write(lost, { lost: `Connection lost. What you typed is kept. Trying again in ${left} s.` });
    left -= 1;
  };
  tell();
  timer = setInterval(tell, 1000);
}

line.addEventListener("lost", () => {
  if (waits) return;
  lost.firstElementChild.hidden = false;
  pause();
});

line.addEventListener("answered", () => {
  if (!waits) return;
  waits = 0;
  clearInterval(timer);
  lost.firstElementChild.hidden = true;
  toast("Connected again.");
  health.reload();
  open();
});

find("[data-try-now]").addEventListener("click", attempt);
addEventListener("online", () => waits && attempt());

/** Asks who we are and loads what may be seen. Also how one comes back after a lost line. */
async function open() {
  try {
    if (!(await start())) body.classList.remove("starting");
  } catch (error) {
    body.classList.remove("starting");
    if (!error.lost) toast(error.message);
  }
}

const links = all("a", find("[data-rail]"));
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) continue;
    for (const link of links) {
      if (link.hash === `#${target.id}`) link.ariaCurrent = "location";
      else link.ariaCurrent = null;
    }
  }
}, { rootMargin: "-20% 0px -70%" });
for (const link of links) seen.observe(find(link.hash));

health.reload();
open();
// A slow answer must not keep the page dark: then its skeletons show.
setTimeout(() => body.classList.remove("starting"), 500);
