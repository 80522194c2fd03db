// The only way to the program. What fails is an error with a sentence for a person.
export const base = new URL("api/meta/", document.baseURI); // At any mount point.

/** Tells "signed-out", "lost" (no answer at all), "answered", "changed". */
export const line = new EventTarget();
const tell = (name) => line.dispatchEvent(new Event(name));

/** `fields` are [name, messages]. */
const failure = (detail, more) => Object.assign(new Error(detail), { fields: [], ...more });
export const wrong = (...fields) => failure("", { fields: fields.map(([name, text]) => [name, [text]]) });

let isBlocked; // Firewalls let no PATCH or DELETE through, but a POST that means it.

export async function exchange(method, path, body, seconds = 30) {
  const lost = (detail) => tell("lost") && failure(detail, { lost: true });
  const isBlockable = /PATCH|DELETE/.test(method);
  const meant = isBlocked && isBlockable && { "X-HTTP-Method-Override": method };
  const response = await fetch(new URL(path, base), {
    method: meant ? "POST" : method, cache: "no-store", body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...meant }, signal: AbortSignal.timeout(seconds * 1000),
  }).catch(() => {
    throw lost("The connection is lost.");
  });
  const { ok, status, headers } = response;
  const answer = status === 204 ? {} : await response.json().catch(() => null);
  if (isBlockable && !isBlocked && [403, 405].includes(status) && !(answer?.detail && headers.has("X-Request-Id"))) {
    isBlocked = true;
    return exchange(method, path, body, seconds);
  }
  // A web server without its program answers 502 in its own words, or 404.
  if (answer ? [502, 504].includes(status) && !answer.reason : status > 499) throw lost("The program does not answer.");
  if (!answer) throw failure(`No program answers at ${base}`);
  tell("answered");
  if (ok && method !== "GET") tell("changed");
  if (ok || answer.checks) return { answer, headers };
  if (status === 401) tell("signed-out");
  throw failure(answer.detail, { status, fields: Object.entries(answer).filter(([, messages]) => Array.isArray(messages)), reason: answer.reason, wait: headers.get("Retry-After") });
}

export const call = async (...request) => (await exchange(...request)).answer;

export async function listAll(name, each) {
  let rows = [];
  for (let next = 0; next !== null; ) {
    const answer = await call("GET", `${name}/?limit=200&after=${next}`);
    rows = rows.concat(answer[name]);
    next = answer.next ?? null;
    each?.(rows, next === null);
  }
  return rows;
}
