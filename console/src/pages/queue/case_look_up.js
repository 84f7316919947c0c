// The look-up of cases: whether the person who signed in may decide one.
import { get, path } from "../../requests/api.js";
import { session } from "../../signing_in/session.js";

const barred = new Set(); // cases that a person may never decide: no need to ask again

/** Return whether the person may decide a case of the queue. One that is gone, they may not. */
export async function mayDecide(one, signal) {
  const name = [session.value.username, one.predictionId, one.kind, one.awaits].join(" ");
  if (barred.has(name)) return false;
  const held = await caseOf(one, signal);
  if (held?.barred && one.awaits === "PERSON") barred.add(name); // a first verdict bars until another one
  return Boolean(held && !held.barred);
}

async function caseOf({ clientId, predictionId }, signal) {
  try {
    return (await get(path`/predictions/${clientId}/${predictionId}`, signal)).case;
  } catch (problem) {
    if (problem.status === 404) return undefined;
    throw problem;
  }
}
