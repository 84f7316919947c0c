// The last answer to a new analysis, in this page's memory alone: Back shows it again.
import { signal } from "@preact/signals";
import { session } from "../../signing_in/session.js";

const kept = signal(null);

/** Keep {typed, decided}: what was sent, and the decision on it. */
export function keepAnswer(answer) {
  kept.value = answer && { ...answer, by: session.value?.username };
}

/** Return the answer that the person who is signed in got last, or null. */
export const keptAnswer = () => (kept.value?.by === session.value?.username ? kept.value : null);
