// The explanation as it would be sent to the applicant: in the language of the decision.
import { html } from "../../frame/html.js";
import { ask, path } from "../../requests/api.js";
import { useAnswer, useAsking } from "../../requests/asking.js";
import { coded, day, plain, t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { save } from "../../parts/csv.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { Table } from "../../parts/table.js";

export function ExplanationPart({ stored }) {
  const place = `${path`/predictions/${stored.clientId}/${stored.predictionId}`}/explanation`;
  const asked = (headers) => ask("GET", place, undefined, { "Accept-Language": stored.language, ...headers });
  const letter = useAnswer(asked, [], stored);
  const page = useAsking(async () => save(`explanation-${stored.predictionId}.html`, await asked({ Accept: "text/html" }), "text/html"));
  if (!may("GET /predictions/{clientId}/{predictionId}/explanation")) return null;
  return html`<h2>${t("explanation")}</h2>
    <${Busy} when=${letter.busy} /><${Trouble} problem=${letter.problem ?? page.problem} again=${letter.run} />
    ${letter.value && html`<${Letter} of=${letter.value} />
      <div class="actions"><button type="button" class="secondary" onClick=${() => page.run()} aria-busy=${page.busy ? "true" : undefined}>${t("savePage")}</button></div>`}`;
}

function Letter({ of }) {
  const spoken = of.language;
  const said = (key, values) => t(key, values, spoken);
  const columns = [
    { name: said("feature"), value: (one) => one.title, show: (one) => html`<${Said} text=${one.title} />` },
    { name: said("value"), value: (one) => one.value, show: (one) => html`<${Said} text=${shown(one, spoken)} />` },
    { name: said("source"), value: (one) => one.sourceText, show: (one) => html`<${Said} text=${one.sourceText} />` },
  ];
  const data = said("dataUsed", { count: of.data.length });
  return html`<div class="letter" lang=${spoken}>
    <p><strong><${Said} text=${of.product} /></strong> · ${day(of.decidedAt, spoken)}</p>
    <p><${Said} text=${of.text} /></p>
    <p><${Said} text=${of.automation} /></p>
    ${of.reasons.length > 0 && html`<h3>${said("reasons")}</h3>`}
    <ul>${of.reasons.map((one) => html`<li><${Said} text=${one.text} /></li>`)}</ul>
    <h3>${said("criteria")}</h3><p><${Said} text=${of.criteria.text} /></p>
    <details><summary>${data}</summary><${Table} caption=${data} columns=${columns} rows=${of.data} /></details>
    ${of.contest && html`<p><${Said} text=${of.contest.text} /></p>`}
    <ul>${of.notices.map((one) => html`<li><strong><${Said} text=${one.law} /></strong>: <${Said} text=${one.text} /></li>`)}</ul>
  </div>`;
}

function shown(one, spoken) {
  if (typeof one.value === "number") return `${plain(one.value, spoken)}${one.unit ? ` ${one.unit}` : ""}`;
  return one.value === null ? null : coded("value", one.value, spoken);
}
