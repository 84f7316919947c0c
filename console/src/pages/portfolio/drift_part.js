// The newest drift report: the stability of scores and features, by model.
import { html } from "../../frame/html.js";
import { coded, plain, t } from "../../frame/language.js";
import { titleOf } from "../../frame/product.js";
import { Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { driftRows } from "./drift_rows.js";

export function DriftPart({ drift }) {
  const columns = [
    { name: t("model"), value: (one) => one.model, show: (one) => html`<${Said} text=${one.model} />` },
    { name: t("feature"), value: (one) => one.feature, show: (one) => (one.feature === "score" ? t("score") : titleOf(one.feature)) },
    { name: "PSI", value: (one) => one.psi, show: (one) => plain(one.psi), numeric: true },
    { name: t("status"), value: (one) => one.status, show: (one) => coded("drift", one.status) },
    { name: t("decisions"), value: (one) => one.decisions, numeric: true },
  ];
  return html`<h2>${t("drift")}</h2>
    <${Table} caption=${t("driftTold")} columns=${columns} rows=${driftRows(drift)} file="drift" empty=${t("noDrift")} />`;
}
