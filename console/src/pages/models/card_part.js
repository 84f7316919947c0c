// The cards of champion and challenger side by side, as training wrote them.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { get, path } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { coded, exact, language, percent, plain, t } from "../../frame/language.js";
import { titleOf } from "../../frame/product.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";

const said = (value) => html`<${Said} text=${value} />`;
const figure = (value) => exact(value, 4);
const period = (of) => (of.from ? html`${said(of.from)} – ${said(of.to)}` : "–");

export function CardPart({ model, champion, challenger }) {
  const isOpen = useSignal(false);
  const others = challenger && challenger !== champion ? [["challenger", challenger]] : [];
  return html`<details onToggle=${(event) => (isOpen.value = event.currentTarget.open)}><summary>${t("cards")}</summary>
    ${isOpen.value && html`<div class="columns">${[["champion", champion], ...others].map(([role, version]) => html`<${Card} key=${version} role=${role} model=${model} version=${version} />`)}</div>`}
  </details>`;
}

function Card({ role, model, version }) {
  const card = useAnswer(() => get(path`/models/${model}/versions/${version}/card`), [model, version]);
  const of = card.value;
  return html`<section aria-label=${`${t(role)} ${version}`}>
    <h3>${t(role)}: ${said(version)}</h3>
    <${Busy} when=${card.busy} /><${Trouble} problem=${card.problem} />
    ${of && html`
      <${Facts} of=${[
        [t("method"), said(coded("method", of.method))], [t("snapshot"), said(of.snapshot)], [t("learntFrom"), period(of.window)], [t("loans"), plain(of.rows)], [t("bads"), plain(of.bads)],
        [t("calibrated"), html`${period(of.calibration)} · ${plain(of.calibration.rows)}`], [t("holdout"), html`${period(of.holdout)} · ${plain(of.holdout.rows)}`],
        of.outcomeMonths && [t("outcomeMonths"), plain(of.outcomeMonths)], ["PSI", figure(of.psi)],
      ]} />
      <${Metrics} of=${of} />
      <h4>${t("knownLimits")}</h4><ul>${of.limits.map((one) => html`<li>${said(one[language.value])}</li>`)}</ul>
      <${Features} of=${of} />
      <${Groups} caption=${t("vintagesTold")} name=${t("quarter")} rows=${of.vintages.map((one) => ({ ...one, group: one.vintage, part: coded("part", one.part) }))} />
      ${Object.entries(of.groups).map(([name, rows]) => html`<${Groups} caption=${`${t(of.protected.includes(name) ? "protectedTold" : "segmentTold")}: ${titleOf(name)}`} name=${t("value")} rows=${rows.map((one) => ({ ...one, group: one.value }))} />`)}
      ${of.proxies.length > 0 && html`<${Proxies} rows=${of.proxies} />`}`}
  </section>`;
}

function Metrics({ of }) {
  const rows = Object.entries(of.metrics).map(([name, value]) => ({ name, value, interval: of.intervals[name] }));
  return html`<${Table} caption=${t("metricsOfCard")} file="metrics" rows=${rows} columns=${[
    { name: t("metric"), value: (one) => one.name, show: (one) => coded("metric", one.name) },
    { name: t("value"), value: (one) => one.value, show: (one) => figure(one.value), numeric: true },
    { name: t("interval"), value: (one) => one.interval?.join(" "), show: (one) => (one.interval ? one.interval.map(figure).join(" … ") : "–"), numeric: true },
  ]} />`;
}

function Features({ of }) {
  const broken = Object.fromEntries(of.monotone.map((one) => [one.name, one]));
  return html`<${Table} caption=${t("featuresTold")} file="features" rows=${of.features} columns=${[
    { name: t("feature"), value: (one) => one.name, show: (one) => said(titleOf(one.name)) },
    { name: t("direction"), value: (one) => one.monotone, show: (one) => coded("direction", one.monotone) },
    { name: t("wrongWay"), value: (one) => broken[one.name]?.broken, show: (one) => (broken[one.name] ? `${plain(broken[one.name].broken)} / ${plain(broken[one.name].steps)}` : "–"), numeric: true },
    { name: "CSI", value: (one) => one.csi, show: (one) => figure(one.csi), numeric: true },
    { name: t("isRead"), value: (one) => one.read, show: (one) => t(one.read ? "yes" : "no") },
  ]} />`;
}

function Groups({ caption, name, rows }) {
  return html`<${Table} caption=${caption} file="groups" rows=${rows} columns=${[
    { name, value: (one) => one.group, show: (one) => html`${said(coded("value", one.group))}${one.part && html` (${said(one.part)})`}` },
    { name: t("loans"), value: (one) => one.rows, show: (one) => plain(one.rows), numeric: true },
    { name: t("bads"), value: (one) => one.bads, show: (one) => plain(one.bads), numeric: true },
    { name: t("observed"), value: (one) => one.observed, show: (one) => percent(one.observed), numeric: true },
    { name: t("expected"), value: (one) => one.expected, show: (one) => percent(one.expected), numeric: true },
    { name: t("approvedShare"), value: (one) => one.approved, show: (one) => percent(one.approved), numeric: true },
    { name: "AUC", value: (one) => one.auc, show: (one) => figure(one.auc), numeric: true },
  ]} />`;
}

const Proxies = ({ rows }) => html`<${Table} caption=${t("proxiesTold")} file="proxies" rows=${rows} columns=${[
  { name: t("attribute"), value: (one) => `${one.attribute} = ${one.value}`, show: (one) => said(`${titleOf(one.attribute)} = ${one.value}`) },
  { name: "AUC", value: (one) => one.auc, show: (one) => figure(one.auc), numeric: true },
]} />`;
