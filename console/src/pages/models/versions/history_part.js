// All that became of a model's versions, and a rollback for who may do it.
import { useSignal } from "@preact/signals";
import { html } from "../../../frame/html.js";
import { get, path } from "../../../requests/api.js";
import { useAnswer } from "../../../requests/asking.js";
import { coded, t, time } from "../../../frame/language.js";
import { may } from "../../../frame/product.js";
import { Busy, Trouble } from "../../../parts/notice.js";
import { Table } from "../../../parts/table.js";
import { Said } from "../../../parts/said.js";
import { ModelRollbackPart } from "./model_rollback_part.js";
import { WRITTEN_IN } from "./versions.js";

const ROLLBACK = "POST /models/{model}/rollback";

export function HistoryPart({ model, turn, onAsked }) {
  const isOpen = useSignal(false);
  return html`<details onToggle=${(event) => (isOpen.value = event.currentTarget.open)}><summary>${t(may(ROLLBACK) ? "historyAndRollback" : "history")}</summary>
    ${isOpen.value && html`<${History} model=${model} turn=${turn} onAsked=${onAsked} />`}</details>`;
}

function History({ model, turn, onAsked }) {
  const history = useAnswer(() => get(path`/models/${model}/history`), [model], turn);
  const columns = [
    { name: t("when"), value: (one) => one.at, show: (one) => time(one.at) },
    { name: t("event"), value: (one) => one.kind, show: (one) => coded("modelAct", one.kind) },
    { name: t("version"), value: (one) => one.version, show: (one) => html`<${Said} text=${one.version} />` },
    { name: t("by"), value: (one) => one.by?.username, show: (one) => html`<${Said} text=${one.by?.username} />` },
    { name: t("reason"), value: reasonOf, show: (one) => html`<${Said} text=${reasonOf(one) || null} lang=${WRITTEN_IN[one.kind]} />` },
  ];
  return html`<${Busy} when=${history.busy && !history.value} /><${Trouble} problem=${history.problem} again=${history.run} />
    ${history.value && may(ROLLBACK) && html`<${ModelRollbackPart} of=${history.value} onAsked=${onAsked} />`}
    ${history.value && html`<${Table} caption=${t("historyTold")} columns=${columns} rows=${history.value.events} file="history" />`}`;
}

const reasonOf = (one) => [one.reason, ...(one.reasons ?? []), one.sha256 && `SHA-256 ${one.sha256}`].filter(Boolean).join("; ");
