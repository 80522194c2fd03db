// The page: starts the sections, tells when the line is lost and recovers, marks where one is.
import { call, line } from "./api.js";
import { actions, all, find, toast, write } from "./dom.js";
import { start } from "./session.js";
import { state, watch } from "./state.js";
import * as health from "./health.js";
import * as accounts from "./accounts.js";
import "./connect.js";
import * as map from "./map.js";
import * as clients from "./clients.js";
import "./preview.js";
import * as events from "./events.js";

const lost = find("[data-lost]");
const links = all("[data-rail] a");
let pause = 0; // Seconds between attempts while the line is lost, else 0.
let timer;

const reveal = () => document.body.classList.remove("starting");

watch("marked", accounts.reload);
watch("reload", async () => {
  await Promise.all([accounts.reload(), clients.reload(), events.reload()]);
  reveal();
  if (state.tokens && (!state.pages || map.reload.failed())) map.reload();
});

async function attempt() {
  clearInterval(timer);
  write(lost, { lost: "Connection lost. Trying …" });
  await call("GET", "health/").catch(() => null);
  if (pause) wait();
}

function wait() {
  let left = (pause = Math.min(pause * 2 || 2, 16));
  const tell = () => {
    write(lost, { lost: `Connection lost. What you typed is kept. Trying again in ${left} s.` });
    if (left-- <= 0) attempt();
  };
  tell();
  clearInterval(timer);
  timer = setInterval(tell, 1000);
}

line.addEventListener("lost", () => {
  if (pause) return;
  lost.firstElementChild.hidden = false;
  wait();
});

line.addEventListener("answered", () => {
  if (!pause) return;
  pause = 0;
  clearInterval(timer);
  lost.firstElementChild.hidden = true;
  toast("Connected again.");
  open();
});

actions(lost, { attempt });
addEventListener("online", () => pause && attempt());

/** Asks who we are, and loads what may be seen. Also after a lost line. */
async function open() {
  health.reload();
  await start().catch((error) => error.lost || toast(error.message));
  // A slow answer must not keep the page dark: then its skeletons show.
  setTimeout(reveal, 500);
}

const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (isIntersecting) for (const link of links) link.ariaCurrent = link.hash === `#${target.id}` ? "location" : null;
  }
}, { rootMargin: "-20% 0px -70%" });
for (const link of links) seen.observe(find(link.hash));

open();
