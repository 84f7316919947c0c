// The terms of an approval, or the counter-offer: the largest amount that would be approved.
import { html } from "../../../frame/html.js";
import { ask, get, path } from "../../../requests/api.js";
import { useAnswer, useAsking } from "../../../requests/asking.js";
import { day, plain, t } from "../../../frame/language.js";
import { link } from "../../../frame/routes.js";
import { fieldOf, may, product } from "../../../frame/product.js";
import { Facts } from "../../../parts/table.js";
import { Busy, Trouble } from "../../../parts/notice.js";
import { Said } from "../../../parts/said.js";

const OFFER = "/predictions/{clientId}/{predictionId}/offer";
const unit = () => fieldOf(product.value.review.amountField)?.unit ?? "";

export function OfferPart({ decided, onTaken }) {
  if (decided.offer) return html`<h3>${t("terms")}</h3><${Terms} offer=${decided.offer} lang=${decided.language} />`;
  return may(`GET ${OFFER}`) ? html`<${CounterOffer} decided=${decided} onTaken=${onTaken} />` : null;
}

const Terms = ({ offer, lang }) => html`
  <${Facts} of=${[
    [t("maximumAmount"), `${plain(offer.maximumAmount)} ${unit()}`],
    [t("annualRate"), `${plain(offer.annualRate)} %`],
  ]} />
  <ul>${offer.conditions.map((one) => html`<li><${Said} text=${one.text} lang=${lang} /></li>`)}</ul>`;

function CounterOffer({ decided, onTaken }) {
  const place = path`/predictions/${decided.clientId}/${decided.predictionId}/offer`;
  const offer = useAnswer(() => get(place), [], decided);
  const taking = useAsking(async (amount) => {
    const taken = await ask("POST", place, { takenAmount: amount });
    onTaken?.();
    return taken;
  });
  const found = offer.value;
  return html`<section class="unprinted"><h3>${t("counterOffer")}</h3>
    <${Busy} when=${offer.busy || taking.busy} />
    <${Trouble} problem=${offer.problem} again=${offer.run} />
    ${found && html`<p><${Said} text=${found.outcome === "COUNTER_OFFER" ? t("offerFound") : found.text} /></p>`}
    ${found?.largestAmount && html`<${Facts} of=${[[t("largestAmount"), `${plain(found.largestAmount)} ${unit()}`], [t("openUntil"), day(found.openUntil)]]} />`}
    ${found?.offer && html`<${Terms} offer=${found.offer} />`}
    ${found?.outcome === "COUNTER_OFFER" && may(`POST ${OFFER}`) && !taking.value && html`<div class="actions">
      <button type="button" onClick=${() => taking.run(found.largestAmount)}>${t("takeOffer", { amount: plain(found.largestAmount), unit: unit() })}</button></div>`}
    <${Trouble} problem=${taking.problem} />
    ${taking.value && html`<p role="status"><a href=${link("decision", taking.value.clientId, taking.value.predictionId)}>${t("offerTaken")}</a></p>`}
  </section>`;
}
