// The only way to the program: every request of the page goes through exchange(), every failure leaves it
// as an APIError with a sentence for a person.

/** Relative to the page, so that it works at any mount point. */
export const base = new URL("api/meta/", document.baseURI);

/** "signed-out": the program no longer knows us. "lost": no answer at all. "answered": it is there. */
export const line = new EventTarget();

const tell = (name) => line.dispatchEvent(new Event(name));

export class APIError extends Error {
  constructor(status, body, retryAfter = 0, lost = false) {
    super(body.detail ?? "The answer makes no sense.");
    const { detail, reason, ...rest } = body;
    this.status = status;
    this.reason = reason ?? null;
    this.fields = Object.entries(rest).filter(([, messages]) => Array.isArray(messages));
    this.retryAfter = retryAfter;
    this.lost = lost;
  }
}

/** How far the reader's clock is from the server's, in ms: countdowns follow the server's. */
export let skew = 0;

export async function exchange(method, path, body, signal) {
  let response;
  try {
    response = await fetch(new URL(path, base), {
      method,
      credentials: "same-origin",
      cache: "no-store",
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.any([signal, AbortSignal.timeout(30_000)].filter(Boolean)),
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    const late = error.name === "TimeoutError";
    if (!late) tell("lost");
    throw new APIError(0, { detail: late ? "No answer within 30 seconds." : "The connection is lost." }, 0, !late);
  }
  const difference = Date.parse(response.headers.get("Date")) - Date.now();
  skew = Math.abs(difference) > 60_000 ? difference : 0;
  const answer = response.status === 204 ? {} : await response.json().catch(() => null);
  if (answer === null || typeof answer !== "object") {
    // A web server without its program answers 502 in HTML; one that knows no program at all, 404.
    const gone = response.status >= 500;
    if (gone) tell("lost");
    const detail = gone ? "The program does not answer." : `No program answers at ${base}`;
    throw new APIError(response.status, { detail }, 0, gone);
  }
  tell("answered");
  if (!response.ok && !(path === "health/" && answer.checks)) {
    if (response.status === 401) tell("signed-out");
    throw new APIError(response.status, answer, Number(response.headers.get("Retry-After")) || 0);
  }
  return { body: answer, headers: response.headers, status: response.status };
}

export const call = async (...request) => (await exchange(...request)).body;

/** Every row of a list, 200 at a time; `each` gets the rows so far, so that they can be shown. */
export async function listAll(path, name, each) {
  const rows = [];
  for (let next = ""; next !== null; ) {
    const answer = await call("GET", `${path}?limit=200${next && `&after=${next}`}`);
    rows.push(...answer[name]);
    next = answer.next ?? null;
    each([...rows]);
  }
}

/** The path of a client's grid below `base`. The apostrophe is escaped too: the path goes into a shell line. */
export const gridPath = (client, page) =>
  `instagram/${encodeURIComponent(client).replaceAll("'", "%27")}/${page ? `?fb_page_id=${page}` : ""}`;
