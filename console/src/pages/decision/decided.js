// A decision as an analyst reads it: what was decided and why, and what would change it.
import { html } from "../../frame/html.js";
import { coded, percent, t } from "../../frame/language.js";
import { link } from "../../frame/routes.js";
import { may, titleOf } from "../../frame/product.js";
import { Facts } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { ModelsSideBySide } from "./models_table.js";
import { WhatWouldChange } from "./changes/what_would_change.js";
import { StoredReasons } from "./changes/stored_reasons.js";
import { OfferPart } from "./changes/offer_part.js";

const DECISION = "/predictions/{clientId}/{predictionId}";

/** `isStored`: the page is the decision's own, which has more below; `onChanged` reads it anew. */
export function Decided({ decided, isStored = false, onChanged }) {
  const { clientId, predictionId } = decided;
  return html`
    <h2 tabindex="-1">${t("decision")}</h2>
    <${Verdict} decided=${decided} />
    ${!isStored && html`<div class="actions">
      <a href=${link("decision", clientId, predictionId)}>${t("openDecision")}</a>
      <a href=${link("client", clientId)}>${t("openClient")}</a>
    </div>`}
    <${Facts} of=${[
      [t("score"), decided.score ?? "–"],
      [t("probability"), percent(decided.probabilityOfDefault)],
      [t("disagreement"), decided.disagreement ?? "–"],
      [t("client"), html`<${Said} text=${clientId} />`],
    ]} />
    <${Rules} rules=${decided.rules ?? []} lang=${decided.language} unseen=${decided.unseen ?? []} />
    <h3>${t("models")}</h3>
    <${ModelsSideBySide} models=${decided.models} />
    ${may(`POST ${DECISION}/trial`) ? html`<${WhatWouldChange} decided=${decided} />` : html`<h3>${t("reasons")}</h3><${StoredReasons} of=${decided} />`}
    <${OfferPart} decided=${decided} onTaken=${onChanged} />`;
}

export function Verdict({ decided }) {
  const { decisionBasis, language, rules = [], finalDecision } = decided;
  const decision = finalDecision?.decision ?? decided.decision;
  const rule = rules.find((one) => one.code === decisionBasis);
  return html`<div class=${`verdict ${decision}`} role="status">
    <strong>${coded("decision", decision)}</strong>
    ${decision !== decided.decision && html`<p>${t("decidedBy")}: ${coded("decidedBy", finalDecision.decidedBy)} · ${t("event.decision")}: ${coded("decision", decided.decision)}</p>`}
    <p>${t("basis")}: ${rule ? html`<${Said} text=${rule.text} lang=${language} />` : coded("basis", decisionBasis)}</p>
  </div>`;
}

const Rules = ({ rules, lang, unseen }) => html`
  <h3>${t("rulesFired")}</h3>
  ${rules.length === 0 && unseen.length === 0 && html`<p>${t("noRules")}</p>`}
  <ul>
    ${rules.map((one) => html`<li><span class=${`tag ${one.effect}`}>${coded("decision", one.effect)}</span> <${Said} text=${one.text} lang=${lang} /></li>`)}
    ${unseen.map((one) => html`<li>${t("unseenCode", { field: titleOf(one) })}</li>`)}
  </ul>`;
