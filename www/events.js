// Events: the newest audit rows, older ones on demand.
import { actions, call, copyOf, find, keep, line, loader, section, write } from "./dom.js";

const { root, list, empty } = section("events");
let rows = [];
let next;

async function ask(after, current = () => true) {
  const answer = await call("GET", `events/?limit=20${after}`);
  if (!current()) return;
  rows = after ? rows.concat(answer.events) : answer.events;
  next = answer.next;
  find('[data-do="more"]', root).hidden = !next;
  empty.hidden = rows.length;
  keep(list, rows, () => copyOf("event"), (element, row) => write(element, {
    ...row,
    result: [row.action.endsWith("refused") ? "warn" : "", row.result],
  }));
}

export const reload = loader(root, (current) => ask("", current));

actions(root, { more: () => ask(`&after=${next}`) });

line.addEventListener("changed", reload);
