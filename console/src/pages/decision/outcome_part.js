// What became of the loan, and the report of it.
import { html } from "../../frame/html.js";
import { ask, path } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { coded, day, time, t } from "../../frame/language.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { may } from "../../frame/product.js";
import { Labelled } from "../../parts/field.js";
import { Trouble } from "../../parts/notice.js";
import { Table } from "../../parts/table.js";
import { errorOf } from "../../parts/typed_values.js";

const REPORT = "POST /predictions/{clientId}/{predictionId}/outcome";

export function OutcomePart({ stored, onDone }) {
  const columns = [
    { name: t("outcome"), value: (one) => one.outcome, show: (one) => coded("outcome", one.outcome) },
    { name: t("when"), value: (one) => one.when, show: (one) => day(one.when) },
    { name: t("source"), value: (one) => one.source, show: (one) => coded("source", one.source) },
    { name: t("toldAt"), value: (one) => one.toldAt, show: (one) => time(one.toldAt) },
  ];
  return html`<h2>${t("outcomes")}</h2>
    <${Table} caption=${t("outcomes")} columns=${columns} rows=${stored.outcomes} empty=${t("noOutcomes")} />
    ${may(REPORT) && stored.finalDecision.decision !== "DECLINE" && html`<${Report} stored=${stored} onDone=${onDone} />`}`;
}

function Report({ stored, onDone }) {
  const empty = { outcome: "paid", when: "" };
  const typed = useDraft(`outcome:${stored.predictionId}`, empty);
  const sending = useAsking(async () => {
    const told = await ask("POST", path`/predictions/${stored.clientId}/${stored.predictionId}/outcome`, typed.value);
    typed.value = empty;
    onDone();
    return told;
  });
  const set = (name) => (event) => (typed.value = { ...typed.value, [name]: event.currentTarget.value });
  const send = (event) => {
    event.preventDefault();
    sending.run();
  };
  return html`<form class="unprinted" noValidate onSubmit=${send} aria-label=${t("reportOutcome")}>
    <div class="fields">
      <div class="field"><label for="outcome">${t("outcome")}</label>
        <select id="outcome" onChange=${set("outcome")}>${["paid", "defaulted"].map((one) => html`<option value=${one} selected=${one === typed.value.outcome}>${coded("outcome", one)}</option>`)}</select></div>
      <div class="field"><${Labelled} id="when" label=${t("when")} type="date" wrong=${errorOf(sending.problem, "#/when")} value=${typed.value.when} onInput=${set("when")} /></div>
    </div>
    <${Trouble} problem=${sending.problem} />
    <div class="actions"><button type="submit" class="secondary" aria-busy=${sending.busy ? "true" : undefined}>${t("reportOutcome")}</button></div>
  </form>`;
}
