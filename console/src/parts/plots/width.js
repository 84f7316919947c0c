// The width of a place in pixels of a plot, whose texts keep their size beside the page's on every screen.
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";

const PIXELS = 16; // of the page's text, as browsers have it

const textScale = () => parseFloat(getComputedStyle(document.documentElement).fontSize) / PIXELS;

/** Return [ref, width] of what has the ref; the width is `usual` until it is laid out. */
export function useWidth(usual) {
  const place = useRef(null);
  const width = useSignal(usual);
  useEffect(() => {
    const watching = new ResizeObserver(([one]) => (width.value = Math.round(one.contentRect.width / textScale()) || usual));
    watching.observe(place.current);
    return () => watching.disconnect();
  }, []);
  return [place, width.value];
}
