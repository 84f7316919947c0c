// The models' answers side by side, also if one was skipped or did not answer.
import { html } from "../../frame/html.js";
import { coded, percent, plain, signed, t } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { Said } from "../../parts/said.js";

const weight = (name) => product.value.models.find((one) => one.name === name)?.weight;

export function ModelsSideBySide({ models }) {
  const all = Object.entries(models);
  const row = (name, cell) => html`<tr><th scope="row">${name}</th>${all.map(([key, one]) => html`<td>${cell(one, key)}</td>`)}</tr>`;
  return html`<div class="scrolls" role="region" aria-label=${t("models")} tabindex="0"><table>
    <thead><tr><th scope="col"><span class="said">${t("model")}</span></th>${all.map(([name]) => html`<th scope="col"><${Said} text=${name} /></th>`)}</tr></thead>
    <tbody>
      ${row(t("status"), status)}
      ${row(t("weight"), (_, name) => percent(weight(name)))}
      ${row(t("score"), (one) => plain(one.score))}
      ${row(t("probability"), (one) => percent(one.probabilityOfDefault))}
      ${row(t("reasons"), (one) => html`<ul>${(one.reasons ?? []).map((each) => html`<li>${signed(each.points)} · <${Said} text=${each.text} /></li>`)}</ul>`)}
      ${row(t("version"), (one) => html`<${Said} text=${one.version} />`)}
    </tbody>
  </table></div>`;
}

function status(one) {
  if (one.status === "OK") return coded("modelStatus", "OK");
  if (one.consent) return t("skippedFor", { consent: coded("consent", one.consent) });
  return `${coded("modelStatus", one.status)}: ${coded("cause", one.cause)}`;
}
