// A challenger beside the champion: figures with intervals, the gate's reasons, and the swap set.
import { html } from "../../frame/html.js";
import { coded, exact, percent, plain, t } from "../../frame/language.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { compared } from "./compared.js";
import { WRITTEN_IN } from "./versions/versions.js";

const figure = (value) => exact(value, 4);

export function Challenger({ of }) {
  return html`<p><span class=${`tag ${of.verdict === "passed" ? "APPROVE" : "DECLINE"}`}>${coded("gate", of.verdict)}</span> <${Said} text=${of.version} /></p>
    <ul>${of.reasons.map((one) => html`<li><${Said} text=${one} lang=${WRITTEN_IN.REJECTED} /></li>`)}</ul>
    ${of.facts?.challenger && html`<${Figures} of=${of.facts} />`}
    ${of.swapSet && html`<${Swaps} of=${of.swapSet} />`}
    <p>${t("report")}: <${Said} text=${of.report} /></p>`;
}

function Figures({ of }) {
  const columns = [
    { name: t("metric"), value: (one) => one.name, show: (one) => coded("metric", one.name) },
    { name: t("challenger"), value: (one) => one.challenger, show: (one) => figure(one.challenger), numeric: true },
    { name: t("champion"), value: (one) => one.champion, show: (one) => figure(one.champion), numeric: true },
    { name: t("difference"), value: (one) => one.difference, show: (one) => figure(one.difference), numeric: true },
    { name: t("interval"), value: (one) => one.interval?.join(" "), show: (one) => (one.interval ? one.interval.map(figure).join(" … ") : "–"), numeric: true },
  ];
  return html`<${Facts} of=${[[t("loans"), plain(of.rows)], [t("bads"), plain(of.bads)], [t("champion"), html`<${Said} text=${of.championVersion} />`], ["PSI", figure(of.scorePsi)]]} />
    <${Table} caption=${t("comparedTold")} columns=${columns} rows=${compared(of)} file="challenger" />`;
}

function Swaps({ of }) {
  const columns = [
    { name: t("before"), value: (one) => one.before, show: (one) => coded("decision", one.before) },
    { name: t("after"), value: (one) => one.after, show: (one) => coded("decision", one.after) },
    { name: t("decisions"), value: (one) => one.count, show: (one) => plain(one.count), numeric: true },
  ];
  const turned = (name) => [t(`swap.${name}`), `${plain(of[name].count)}${of[name].expected ? `; ${t("expected")} ${percent(of[name].expected.rate)}` : ""}`];
  return html`<${Facts} of=${[[t("decisions"), plain(of.decisions)], turned("yesToNo"), turned("noToYes")]} />
    <${Table} caption=${t("swapSetOfModels")} columns=${columns} rows=${of.moves} file="swap-set" />`;
}
