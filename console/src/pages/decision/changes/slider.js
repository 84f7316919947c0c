// A control for one field that an applicant can change, within what can be changed.
import { html } from "../../../frame/html.js";
import { coded, plain, t } from "../../../frame/language.js";
import { isNumber } from "../../../parts/typed_values.js";
import { range } from "./slider_range.js";

export function Slider({ field, stored, value, onChange }) {
  const id = `try-${field.name}`;
  const now = value ?? stored;
  const choices = field.actionable.values ?? (isNumber(field) ? null : field.values);
  return html`<div class="field">
    <label for=${id}>${field.title}${field.unit ? ` (${field.unit})` : ""}: <output>${told(field, now)}</output></label>
    ${choices ? choice({ id, field, choices, stored, now, onChange }) : slide({ id, field, stored, now, onChange })}
  </div>`;
}

const told = (field, value) =>
  value === undefined ? t("unknownValue") : typeof value === "number" ? plain(value) : coded("value", value);

function choice({ id, field, choices, stored, now, onChange }) {
  const all = stored === undefined || choices.includes(stored) ? choices : [stored, ...choices];
  const chosen = (event) => onChange(field.name, all[event.currentTarget.selectedIndex - (stored === undefined ? 1 : 0)]);
  return html`<select id=${id} onChange=${chosen}>
    ${stored === undefined && html`<option selected=${now === undefined}>${t("unknownValue")}</option>`}
    ${all.map((one) => html`<option selected=${one === now}>${told(field, one)}</option>`)}
  </select>`;
}

function slide({ id, field, stored, now, onChange }) {
  const { minimum, maximum, step } = range(field, stored);
  return html`<input id=${id} type="range" min=${minimum} max=${maximum} step=${step} value=${now ?? minimum}
    onInput=${(event) => onChange(field.name, Number(event.currentTarget.value))} />`;
}
