// The request of an erasure, and the attempts of this page whose answers were lost.
import { ask, path } from "../../requests/api.js";
import { dropSent } from "../../signing_in/drafts.js";

const SERVER_FAULT = 500;
const unanswered = new Set(); // in this page's memory alone

/** Erase a client, and drop the draft that asked for it. An erasure that failed on the way may have been done. */
export async function erased(client, reason, name) {
  try {
    const done = await ask("DELETE", `${path`/clients/${client}`}?reason=${reason}`);
    dropSent(name, (one) => one.client.trim() === client);
    return { ...done, client, isRepeat: unanswered.delete(client) };
  } catch (problem) {
    if (!problem.status || problem.status >= SERVER_FAULT) unanswered.add(client);
    throw problem;
  }
}
