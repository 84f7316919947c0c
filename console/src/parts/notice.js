// Notices: what goes on, and what went wrong.
import { html } from "../frame/html.js";
import { coded, t, time } from "../frame/language.js";
import { titleOf } from "../frame/product.js";
import { inPlainWords } from "../requests/plain_words.js";
import { Said } from "./said.js";

export const Busy = ({ when, text }) => html`
  <p class="busy" role="status" aria-live="polite" aria-busy=${when ? "true" : "false"} hidden=${!when}>${when && (text ?? t("busy"))}</p>`;

const words = new WeakMap(); // by problem

/** Return a problem's detail in the words of when it came, which are in its language. */
function wordsOf(problem) {
  if (!words.has(problem)) words.set(problem, inPlainWords(problem, fieldTitle, time));
  return words.get(problem);
}

const fieldTitle = (name) => (coded("field", name) === name ? titleOf(name) : coded("field", name));

export function Trouble({ problem, again }) {
  if (!problem) return null;
  return html`<article class="trouble" role="alert" tabindex="-1">
    <strong lang=${problem.lang}>${problem.title || t("failed")}</strong>
    ${problem.detail && html`<p><${Said} text=${wordsOf(problem)} lang=${problem.lang} /></p>`}
    ${again && html`<button type="button" class="secondary" onClick=${() => again()}>${t("again")}</button>`}
  </article>`;
}
