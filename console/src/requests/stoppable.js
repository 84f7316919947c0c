// Requests that end when a person stops them or leaves the view.
import { useEffect, useRef } from "preact/hooks";

/** Return {begin, stop}: `begin` returns the signal of a new question and stops the one before. */
export function useStoppable() {
  const held = useRef(null);
  const stop = () => held.current?.abort();
  const begin = () => {
    stop();
    held.current = new AbortController();
    return held.current.signal;
  };
  useEffect(() => stop, []);
  return { begin, stop };
}
