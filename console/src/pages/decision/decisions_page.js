// The bank's decisions by day, decision and basis; and the way to a client's history.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { get } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { coded, plain, percent, time, t } from "../../frame/language.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { Titled } from "../../frame/shell.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { Labelled } from "../../parts/field.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { Table } from "../../parts/table.js";
import { isId } from "../../parts/typed_values.js";

const FIELDS = "predictionId,clientId,createdAt,decision,decisionBasis,score,probabilityOfDefault";

export function DecisionsPage() {
  const filters = useDraft("decisions", { from: "", to: "", decision: "" });
  const cursors = useSignal([""]);
  const cursor = cursors.value.at(-1);
  const query = new URLSearchParams(Object.entries({ ...filters.value, cursor, limit: "50", fields: FIELDS }).filter(([, one]) => one));
  const list = useAnswer(() => get(`/decisions?${query}`), [`${query}`]);
  const set = (name) => (event) => {
    cursors.value = [""];
    filters.value = { ...filters.value, [name]: event.currentTarget.value };
  };
  return html`<${Titled} title=${t("page.decisions")}>
    <${FindClient} />
    <form class="fields" onSubmit=${(event) => event.preventDefault()} aria-label=${t("filters")}>
      <div class="field"><label for="from">${t("fromDay")}</label><input id="from" type="date" value=${filters.value.from} onInput=${set("from")} /></div>
      <div class="field"><label for="to">${t("toDay")}</label><input id="to" type="date" value=${filters.value.to} onInput=${set("to")} /></div>
      <div class="field"><label for="decided">${t("decision")}</label><select id="decided" onChange=${set("decision")}>
        <option value="">${t("all")}</option>${["APPROVE", "REVIEW", "DECLINE"].map((one) => html`<option value=${one} selected=${one === filters.value.decision}>${coded("decision", one)}</option>`)}</select></div>
    </form>
    <${Busy} when=${list.busy} /><${Trouble} problem=${list.problem} again=${list.run} />
    ${list.value && html`<${Table} caption=${t("page.decisions")} columns=${columns()} rows=${list.value.decisions} file="decisions" />`}
    <div class="actions">
      ${cursors.value.length > 1 && html`<button type="button" class="secondary" onClick=${() => (cursors.value = cursors.value.slice(0, -1))}>${t("newer")}</button>`}
      ${list.value?.next && html`<button type="button" class="secondary" onClick=${() => (cursors.value = [...cursors.value, list.value.next])}>${t("older")}</button>`}
    </div>
  <//>`;
}

function FindClient() {
  const typed = useSignal("");
  const isWrong = useSignal(false);
  const find = (event) => {
    event.preventDefault();
    const client = typed.value.trim();
    isWrong.value = client !== "" && !isId(client);
    if (isId(client)) go(link("client", client));
  };
  return html`<form role="search" onSubmit=${find}><div class="field">
    <${Labelled} id="find" type="search" label=${t("findClient")} autocomplete="off" wrong=${isWrong.value && t("notAnId")}
      onInput=${(event) => (typed.value = event.currentTarget.value)} /></div></form>`;
}

export const columns = () => [
  { name: t("decidedAt"), value: (one) => one.createdAt, show: (one) => html`<a href=${link("decision", one.clientId, one.predictionId)}>${time(one.createdAt)}</a>` },
  { name: t("client"), value: (one) => one.clientId, show: (one) => html`<a href=${link("client", one.clientId)}><${Said} text=${one.clientId} /></a>` },
  { name: t("decision"), value: (one) => one.decision, show: (one) => html`<span class=${`tag ${one.decision}`}>${coded("decision", one.decision)}</span>` },
  { name: t("basis"), value: (one) => one.decisionBasis, show: (one) => coded("basis", one.decisionBasis) },
  { name: t("score"), value: (one) => one.score, show: (one) => plain(one.score), numeric: true },
  { name: t("probability"), value: (one) => one.probabilityOfDefault, show: (one) => percent(one.probabilityOfDefault), numeric: true },
];
