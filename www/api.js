// The only way to the program: every request goes through exchange(), every failure leaves it as an APIError
// that holds a sentence for a person.

/** Relative to the page, so that any mount point works. */
export const base = new URL("api/meta/", document.baseURI);

/** Tells "signed-out" (the program no longer knows us), "lost" (no answer at all), "answered". */
export const line = new EventTarget();
const tell = (name) => line.dispatchEvent(new Event(name));

export class APIError extends Error {
  constructor(status, { detail, reason, ...fields }, lost = false) {
    super(detail ?? "The answer makes no sense.");
    this.status = status;
    this.reason = reason;
    this.lost = lost;
    this.fields = Object.entries(fields).filter(([, messages]) => Array.isArray(messages));
  }
}

/** How far the reader's clock is behind the server's, in ms: countdowns follow the server's. */
export let skew = 0;

export async function exchange(method, path, body, signal) {
  const init = { method, cache: "no-store", signal: signal ?? AbortSignal.timeout(30_000) };
  if (body) Object.assign(init, { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const response = await fetch(new URL(path, base), init).catch((error) => {
    if (signal?.aborted) throw error;
    tell("lost");
    throw new APIError(0, { detail: "The connection is lost." }, true);
  });
  const ahead = Date.parse(response.headers.get("Date")) - Date.now();
  skew = Math.abs(ahead) > 60_000 ? ahead : 0;
  const answer = response.status === 204 ? {} : await response.json().catch(() => null);
  if (!answer) {
    // A web server answers in HTML: 502 where its program is gone, 404 where it knows of none.
    const lost = response.status >= 500;
    if (lost) tell("lost");
    throw new APIError(response.status, { detail: lost ? "The program does not answer." : `No program at ${base}` }, lost);
  }
  tell("answered");
  if (!response.ok && !answer.checks) {
    if (response.status === 401) tell("signed-out");
    throw Object.assign(new APIError(response.status, answer), { retryAfter: response.headers.get("Retry-After") });
  }
  return { answer, headers: response.headers };
}

export const call = async (...request) => (await exchange(...request)).answer;

/** Every row of a list, 200 at a time; `each` gets the rows so far. */
export async function listAll(name, each) {
  let rows = [];
  for (let after = ""; after !== null; ) {
    const answer = await call("GET", `${name}/?limit=200${after && `&after=${after}`}`);
    rows = rows.concat(answer[name]);
    after = answer.next ?? null;
    each(rows);
  }
}
