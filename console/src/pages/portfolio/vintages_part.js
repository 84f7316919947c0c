// Vintages: default rate by age of the loans, and the bad rate of the approved beside what was expected.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { coded, day, percent, plain, t } from "../../frame/language.js";
import { Facts, Table } from "../../parts/table.js";
import { Plot } from "../../parts/plots/series.js";
import { approvedByMonth, between, curves, place, together } from "./vintages.js";

const SHOWN = 6; // vintages, at first

export function VintagesPart({ of, vintages }) {
  const all = (vintages?.months ?? []).map((one) => one.month);
  const bounds = useSignal({ from: all.at(-SHOWN) ?? "", to: "" });
  const months = between(vintages, bounds.value.from, bounds.value.to);
  const rows = approvedByMonth(of, months);
  const { ages, lines } = curves(months);
  const set = (name) => (event) => (bounds.value = { ...bounds.value, [name]: event.currentTarget.value });
  const choice = (name, label) => html`<div class="field"><label for=${`vintage-${name}`}>${label}</label>
    <select id=${`vintage-${name}`} onChange=${set(name)}><option value="">${t("all")}</option>
      ${all.map((one) => html`<option value=${one} selected=${one === bounds.value[name]}>${one}</option>`)}</select></div>`;
  return html`<h2>${t("vintages")}</h2>
    ${!vintages && html`<p>${t("noVintages")}</p>`}
    ${vintages && html`<p>${t("vintagesAbout", { day: day(vintages.asOf) })}</p>
      <form class="fields" aria-label=${t("vintages")} onSubmit=${(event) => event.preventDefault()}>${choice("from", t("fromVintage"))}${choice("to", t("toVintage"))}</form>
      <${Plot} title=${t("defaultByAge")} labels=${ages} series=${lines} show=${percent} file="vintage-curves" ends=${true} />`}
    ${rows.length > 0 && html`<${Expected} rows=${rows} />`}`;
}

function Expected({ rows }) {
  const whole = together(rows);
  const columns = [
    { name: t("vintage"), value: (one) => one.month },
    { name: t("matured"), value: (one) => one.matured, numeric: true },
    { name: t("bads"), value: (one) => one.bads, numeric: true },
    { name: t("expected"), value: (one) => one.expected, show: (one) => percent(one.expected), numeric: true },
    { name: t("observed"), value: (one) => one.observed, show: (one) => percent(one.observed), numeric: true },
    { name: t("low"), value: (one) => one.low, show: (one) => percent(one.low), numeric: true },
    { name: t("high"), value: (one) => one.high, show: (one) => percent(one.high), numeric: true },
    { name: t("expectedIs"), value: place, show: (one) => coded("place", place(one) ?? "UNKNOWN") },
  ];
  return html`<${Plot} title=${t("badRateApproved")} labels=${rows.map((one) => one.month)} show=${percent} file="vintages"
      interval=${rows.map(({ low, high }) => ({ low, high }))}
      series=${[{ name: t("expected"), values: rows.map((one) => one.expected) }, { name: t("observed"), values: rows.map((one) => one.observed) }]} />
    ${whole && html`<${Facts} of=${[
      [t("matured"), plain(whole.matured)], [t("bads"), plain(whole.bads)], [t("expected"), percent(whole.expected)], [t("observed"), percent(whole.observed)],
      [t("interval"), `${percent(whole.low)} – ${percent(whole.high)}`], [t("expectedIs"), coded("place", place(whole))],
    ]} />`}
    <${Table} caption=${t("badRateApproved")} columns=${columns} rows=${rows} file="bad-rate-of-approved" />`;
}
