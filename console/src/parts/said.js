// A text that an applicant or an artifact brought: isolated, so that its marks turn nothing around.
// `lang` is the language of one that is the same in both languages of the console.
import { html } from "../frame/html.js";

export const Said = ({ text, lang }) => html`<bdi class="said" lang=${lang}>${text === null || text === undefined ? "–" : String(text)}</bdi>`;
