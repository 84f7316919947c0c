// Filters of the portfolio: days, decision, basis, and segment.
import { html } from "../../frame/html.js";
import { coded, t } from "../../frame/language.js";
import { product, titleOf } from "../../frame/product.js";
import { Labelled } from "../../parts/field.js";
import { errorOfParameter } from "../../parts/typed_values.js";

const BASES = ["SCORE", "MANDATORY_MODEL_UNAVAILABLE", "TOO_FEW_MODELS", "TOO_LITTLE_WEIGHT", "UNSEEN_CODE", "MODELS_DISAGREE", "ABOVE_OFFER", "REVIEW_ONLY"];

export function Period({ filters, problem, onChange }) {
  const set = (name) => (event) => event.currentTarget.value !== undefined && onChange({ ...filters, [name]: event.currentTarget.value });
  const wrong = (name) => errorOfParameter(problem, name);
  const date = (name, label) => html`<div class="field"><${Labelled} id=${`period-${name}`} label=${label} type="date" wrong=${wrong(name)} value=${filters[name]} required onChange=${set(name)} /></div>`;
  const choice = (name, label, group, codes) => html`<div class="field"><label for=${`period-${name}`}>${label}</label>
    <select id=${`period-${name}`} onChange=${set(name)}><option value="">${t("all")}</option>${codes.map((one) => html`<option value=${one}>${coded(group, one)}</option>`)}</select></div>`;
  return html`<form class="fields" aria-label=${t("filters")} onSubmit=${(event) => event.preventDefault()}>
    ${date("from", t("fromDay"))}${date("to", t("toDay"))}
    ${choice("decision", t("decision"), "decision", ["APPROVE", "REVIEW", "DECLINE"])}
    ${choice("basis", t("basis"), "basis", BASES)}
    ${product.value.segments.length > 0 && html`<div class="field"><label for="period-segment">${t("segment")}</label>
      <select id="period-segment" onChange=${set("segment")}><option value="">${t("allSegments")}</option>
        ${product.value.segments.map((one) => html`<optgroup label=${titleOf(one.name)}>${one.values.map((value) => html`<option value=${`${one.name}:${value}`}>${titleOf(one.name)}: ${coded("value", value)}</option>`)}</optgroup>`)}</select>
      <small>${t("segmentHelp")}</small></div>`}
  </form>`;
}
