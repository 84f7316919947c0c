// A question to the API whose answer a view shows: busy, answered, or a problem.
import { useEffect, useRef } from "preact/hooks";
import { signal, useSignal } from "@preact/signals";
import { language } from "../frame/language.js";
import { session } from "../signing_in/session.js";

const UNASKED = { busy: false, value: null, problem: null, given: [] };

/** Return {busy, value, problem, given, run, once, anew, settle}: each but the last asks, and the last
 * question's answer counts. `run` asks the same again, so its last answer stays meanwhile; `once` does
 * unless it is asked right now; `anew` asks something else; `settle` puts an answer in place of all. */
export const useAsking = (question, busy = false) => asking(useSignal({ ...UNASKED, busy }), question);

const kept = new Map();

/** Ask as `useAsking` does, and keep what is asked and its answer for the person who is signed in, in this
 * page's memory alone: they outlive the view, and another view of the name shows them. */
export function useKeptAsking(name, question) {
  const key = `${session.value?.username} ${name}`;
  if (!kept.has(key)) kept.set(key, signal(UNASKED));
  return asking(kept.get(key), question);
}

function asking(state, question) {
  const ask = async (former, given) => {
    const mine = { busy: true, value: former, problem: null, given };
    const end = (how) => state.peek() === mine && (state.value = { ...mine, busy: false, ...how });
    state.value = mine;
    try {
      const value = await question(...given);
      end({ value });
      return value;
    } catch (problem) {
      end({ problem });
      return undefined;
    }
  };
  const run = (...given) => ask(state.value.value, given);
  const once = (...given) => (state.value.busy ? undefined : run(...given));
  const anew = (...given) => ask(null, given);
  const settle = (value = null) => (state.value = { ...UNASKED, value });
  return { ...state.value, run, once, anew, settle };
}

/** Ask as soon as the view is shown, anew when what it depends `on` changes, and the same `again` when
 * that or the language changes. */
export function useAnswer(question, on, again) {
  const asking = useAsking(question, true);
  const isFirst = useRef(true);
  useEffect(() => void asking.anew(), on);
  useEffect(() => {
    if (!isFirst.current) asking.run();
    isFirst.current = false;
  }, [language.value, again]);
  return asking;
}
