// A text that an applicant or an artifact brought: isolated, so that its marks turn nothing around.
import { html } from "../frame/html.js";

export const Said = ({ text }) => html`<bdi class="said">${text === null || text === undefined ? "–" : String(text)}</bdi>`;
