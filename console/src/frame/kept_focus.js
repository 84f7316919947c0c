/** Give the focus to the page's title when the control that had it goes: else it would be the body's. */
export function keepFocus(main) {
  let last = null;
  const note = (event) => (last = event.target);
  const keep = () => {
    if (!last || last.isConnected || document.activeElement !== document.body) return;
    last = null;
    main.querySelector("h1")?.focus({ preventScroll: true });
  };
  const watch = new MutationObserver(keep);
  main.addEventListener("focusin", note);
  watch.observe(main, { childList: true, subtree: true });
  return () => {
    main.removeEventListener("focusin", note);
    watch.disconnect();
  };
}
