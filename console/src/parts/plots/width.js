// The width of a place in pixels, so that a plot's texts keep their size on every screen.
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";

/** Return [ref, width] of what has the ref; the width is `usual` until it is laid out. */
export function useWidth(usual) {
  const place = useRef(null);
  const width = useSignal(usual);
  useEffect(() => {
    const watching = new ResizeObserver(([one]) => (width.value = Math.round(one.contentRect.width) || usual));
    watching.observe(place.current);
    return () => watching.disconnect();
  }, []);
  return [place, width.value];
}
