// The explanation as it would be sent to the applicant.
import { html } from "../../frame/html.js";
import { ask, get, path } from "../../requests/api.js";
import { useAnswer, useAsking } from "../../requests/asking.js";
import { coded, day, plain, t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { save } from "../../parts/csv.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { Table } from "../../parts/table.js";

export function ExplanationPart({ stored }) {
  const place = `${path`/predictions/${stored.clientId}/${stored.predictionId}`}/explanation`;
  const letter = useAnswer(() => get(place), []);
  const page = useAsking(async () => save(`explanation-${stored.predictionId}.html`, await ask("GET", place, undefined, { Accept: "text/html" }), "text/html"));
  if (!may("GET /predictions/{clientId}/{predictionId}/explanation")) return null;
  return html`<h2>${t("explanation")}</h2>
    <${Busy} when=${letter.busy} /><${Trouble} problem=${letter.problem ?? page.problem} again=${letter.run} />
    ${letter.value && html`<${Letter} of=${letter.value} />
      <div class="actions"><button type="button" class="secondary" onClick=${() => page.run()} aria-busy=${page.busy ? "true" : undefined}>${t("savePage")}</button></div>`}`;
}

function Letter({ of }) {
  const columns = [
    { name: t("feature"), value: (one) => one.title, show: (one) => html`<${Said} text=${one.title} />` },
    { name: t("value"), value: (one) => one.value, show: (one) => html`<${Said} text=${shown(one)} />` },
    { name: t("source"), value: (one) => one.sourceText, show: (one) => html`<${Said} text=${one.sourceText} />` },
  ];
  return html`<div class="letter" lang=${of.language}>
    <p><strong><${Said} text=${of.product} /></strong> · ${day(of.decidedAt)}</p>
    <p><${Said} text=${of.text} /></p>
    <p><${Said} text=${of.automation} /></p>
    <h3>${t("reasons")}</h3>
    <ul>${of.reasons.map((one) => html`<li><${Said} text=${one.text} /></li>`)}</ul>
    <h3>${t("criteria")}</h3><p><${Said} text=${of.criteria.text} /></p>
    <details><summary>${t("dataUsed", { count: of.data.length })}</summary>
      <${Table} caption=${t("dataUsed", { count: of.data.length })} columns=${columns} rows=${of.data} /></details>
    ${of.contest && html`<p><${Said} text=${of.contest.text} /></p>`}
    <ul>${of.notices.map((one) => html`<li><strong><${Said} text=${one.law} /></strong>: <${Said} text=${one.text} /></li>`)}</ul>
  </div>`;
}

function shown(one) {
  if (typeof one.value === "number") return `${plain(one.value)}${one.unit ? ` ${one.unit}` : ""}`;
  return one.value === null ? null : coded("value", one.value);
}
