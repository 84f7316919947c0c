// The final decision, and what people did about it.
import { html } from "../../frame/html.js";
import { coded, time, t } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { Facts } from "../../parts/table.js";
import { Said } from "../../parts/said.js";

const reasonText = (code) => product.value.review.reasons.find((one) => one.code === code)?.text ?? code;

export function ActsPart({ stored }) {
  const { finalDecision, awaits, reviews, contest } = stored;
  return html`<h2>${t("people")}</h2>
    <${Facts} of=${[
      [t("finalDecision"), html`<span class=${`tag ${finalDecision.decision}`}>${coded("decision", finalDecision.decision)}</span>`],
      [t("decidedBy"), coded("decidedBy", finalDecision.decidedBy)],
      [t("decidedAt"), time(finalDecision.at)],
      awaits && [t("awaits"), coded("awaits", awaits)],
      contest && [t("contest"), `${coded("contest", contest.state)}${contest.outcome ? `: ${coded("contest", contest.outcome)}` : ""}`],
    ]} />
    ${contest?.text && html`<blockquote><${Said} text=${contest.text} /></blockquote>`}
    <h3>${t("reviews")}</h3>
    ${reviews.length === 0 && html`<p>${t("noReviews")}</p>`}
    <ol class="timeline">${reviews.map((one) => html`<li>
      <span class=${`tag ${one.verdict}`}>${coded("decision", one.verdict)}</span> ${time(one.at)}${one.by && html` · <${Said} text=${one.by.username} />`}
      <p><${Said} text=${reasonText(one.reason)} /></p>
      ${one.text && html`<blockquote><${Said} text=${one.text} /></blockquote>`}</li>`)}</ol>`;
}
