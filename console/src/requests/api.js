// Requests to the API as the person who signed in, and its problems (RFC 9457).
import { base } from "../signing_in/place.js";
import { expire, token } from "../signing_in/session.js";
import { language, t } from "../frame/language.js";

const DOTS = /\/\.\.?(?=[/?]|$)/; // names that would make another path of it, encoded or not
const TRIES = 4; // of what the API asks to send again
const pause = (seconds) => new Promise((go) => setTimeout(go, seconds * 1000));

/** A problem of the API, or of the way to it, in the language of then. `errors` has each wrong field's JSON
 * Pointer. */
export class Problem extends Error {
  constructor({ type = "", title = "", status = 0, detail = "", errors = [] }) {
    super(detail || title);
    Object.assign(this, { type: type.replace("urn:problem:", ""), title, status, detail, errors, lang: language.value });
  }
}

async function sent(method, path, body, headers, signal) {
  if (DOTS.test(path)) throw new Problem({ type: "not-an-id", title: t("notAnId") });
  const held = await token();
  if (!held) throw new Problem({ type: "unauthorized", title: t("signInExpired"), status: 401 });
  const all = { Authorization: `Bearer ${held}`, "Accept-Language": language.value, ...headers };
  if (body !== undefined) all["Content-Type"] = "application/json";
  const where = path.startsWith("http") ? path : `${base}people${path}`;
  try {
    return await fetch(where, { method, headers: all, body: body === undefined ? body : JSON.stringify(body), signal });
  } catch {
    signal?.throwIfAborted();
    throw new Problem({ type: "network", title: t("networkLost"), detail: t(method === "GET" ? "networkLostRead" : "networkLostDetail") });
  }
}

async function problem(answer) {
  if (answer.status === 401) expire();
  const told = await answer.json().catch(() => ({}));
  return new Problem({ status: answer.status, title: t("unexpected", { status: answer.status }), ...told });
}

const onTheWay = new Map();

/** Return the answer to a request. What changes something is one request while it is on its way: a
 * second press of its button waits for the same answer. */
export function ask(method, path, body, headers = {}, signal = undefined) {
  if (method === "GET") return answered(method, path, body, headers, signal);
  const one = JSON.stringify([method, path, body, headers]);
  if (!onTheWay.has(one)) onTheWay.set(one, answered(method, path, body, headers).finally(() => onTheWay.delete(one)));
  return onTheWay.get(one);
}

/** Send a request. 202 is followed until the decision is there. */
async function answered(method, path, body, headers, signal) {
  for (let tried = 1; ; tried += 1) {
    const answer = await sent(method, path, body, headers, signal);
    if (answer.status === 429 && tried < TRIES) {
      await pause(Number(answer.headers.get("Retry-After") ?? 1));
      continue;
    }
    if (answer.status === 202 && answer.headers.has("Location")) {
      await pause(Number(answer.headers.get("Retry-After") ?? 1));
      return ask("GET", new URL(answer.headers.get("Location"), base).href);
    }
    if (!answer.ok) throw await problem(answer);
    const kind = answer.headers.get("Content-Type") ?? "";
    return kind.includes("json") ? answer.json() : answer.text();
  }
}

/** Return the answer to a question, which ends with the signal of an AbortController. */
export const get = (path, signal) => ask("GET", path, undefined, {}, signal);

/** Post with a key, so that a repeat of the same request counts once. */
export const post = (path, body, key) => ask("POST", path, body, key ? { "Idempotency-Key": key } : {});

/** Return a path with its names encoded: path`/predictions/${client}/${id}`. */
export const path = (parts, ...names) =>
  parts.reduce((whole, part, place) => whole + encodeURIComponent(names[place - 1]) + part);
