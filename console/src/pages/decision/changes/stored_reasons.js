// The reasons of a decision as they are stored: the worst first.
import { html } from "../../../frame/html.js";
import { signed, t } from "../../../frame/language.js";
import { Said } from "../../../parts/said.js";

export const StoredReasons = ({ of: { reasons, language } }) => html`
  <ul>${reasons.map((one) => html`<li>${signed(one.points)} · <${Said} text=${one.text} lang=${language} /></li>`)}</ul>
  ${reasons.length === 0 && html`<p>${t("noReasons")}</p>`}`;
