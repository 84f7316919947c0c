// A question to the API whose answer a view shows: busy, answered, or a problem.
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";

/** Return {busy, value, problem, run}: `run` asks, and the last question's answer counts. */
export function useAsking(question, busy = false) {
  const state = useSignal({ busy, value: null, problem: null });
  const turn = useRef(0);
  const run = async (...given) => {
    const mine = (turn.current += 1);
    state.value = { ...state.value, busy: true, problem: null };
    try {
      const value = await question(...given);
      if (mine === turn.current) state.value = { busy: false, value, problem: null };
      return value;
    } catch (problem) {
      if (mine === turn.current) state.value = { ...state.value, busy: false, problem };
      return undefined;
    }
  };
  return { ...state.value, run };
}

/** Ask as soon as the view is shown, and again when what it depends on changes. */
export function useAnswer(question, on) {
  const asking = useAsking(question, true);
  useEffect(() => void asking.run(), on);
  return asking;
}
