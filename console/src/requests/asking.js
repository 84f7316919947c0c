// A question to the API whose answer a view shows: busy, answered, or a problem.
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { language } from "../frame/language.js";

/** Return {busy, value, problem, run, once, anew}: each asks, and the last question's answer counts. `run`
 * asks the same again, so its last answer stays meanwhile; `once` does unless it is asked right now;
 * `anew` asks something else. */
export function useAsking(question, busy = false) {
  const state = useSignal({ busy, value: null, problem: null });
  const turn = useRef(0);
  const ask = async (former, given) => {
    const mine = (turn.current += 1);
    state.value = { busy: true, value: former, problem: null };
    try {
      const value = await question(...given);
      if (mine === turn.current) state.value = { busy: false, value, problem: null };
      return value;
    } catch (problem) {
      if (mine === turn.current) state.value = { ...state.value, busy: false, problem };
      return undefined;
    }
  };
  const run = (...given) => ask(state.value.value, given);
  const once = (...given) => (state.value.busy ? undefined : run(...given));
  const anew = (...given) => ask(null, given);
  return { ...state.value, run, once, anew };
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
