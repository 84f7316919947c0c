// The page that is shown is in the address's fragment: #/decisions/ana/0123?tab=reviews
import { signal } from "@preact/signals";
import { parsed } from "./routes.js";

export const route = signal(parsed(location.hash));

/** Show the page that the address names now: a sign-in has put its fragment back. */
export function follow() {
  route.value = parsed(location.hash);
  scrollTo(0, 0);
}

addEventListener("hashchange", follow);

export const go = (hash) => {
  location.hash = hash;
};
