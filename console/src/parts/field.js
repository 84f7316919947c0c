// Fields of forms: label, unit, help, bounds, and the error beside each.
import { html } from "../frame/html.js";
import { coded, plain, t } from "../frame/language.js";
import { isNumber } from "./typed_values.js";

/** What is wrong with a control: a text of this page, or an error of a problem, which stays in the
 * language of its answer. An error of the page's own has the `key` of its text. */
export const Wrong = ({ id, of }) => html`<small id=${id} class="error" lang=${of?.lang}>${of?.key ? t(of.key, of.values) : (of?.message ?? of)}</small>`;

/** A control with its label, and what is wrong with it: `of` is the kind of element, and the rest are the
 * control's own. */
export const Labelled = ({ id, label, of = "input", wrong, help, children, ...control }) => html`
  <label for=${id}>${label}</label>
  <${of} id=${id} aria-invalid=${wrong ? "true" : undefined} aria-describedby=${`${id}-error`} ...${control}>${children}<//>
  ${help && html`<small>${help}</small>`}
  <${Wrong} id=${`${id}-error`} of=${wrong} />`;

/** `field` is one of the product's; `value` a text, as it was typed. */
export function Field({ field, value, error, onInput }) {
  const id = `field-${field.name}`;
  const about = [`${id}-help`, error && `${id}-error`].filter(Boolean).join(" ");
  const common = {
    id,
    name: field.name,
    value: value ?? "",
    "aria-describedby": about,
    "aria-invalid": error ? "true" : undefined,
    "aria-required": field.required ? "true" : undefined,
    onInput: (event) => onInput(field.name, event.currentTarget.value),
  };
  return html`<div class="field">
    <label for=${id}>${field.title}${field.unit ? ` (${field.unit})` : ""}${field.required ? " *" : ""}</label>
    ${field.values ? choice(field, common) : typed(field, common)}
    <small id=${`${id}-help`}>${field.help}${bounds(field)}</small>
    ${error && html`<${Wrong} id=${`${id}-error`} of=${error} />`}
  </div>`;
}

const choice = (field, common) => html`<select ...${common}>
  <option value="">${t("unknownValue")}</option>
  ${field.values.map((one) => html`<option value=${one}>${coded("value", one)}</option>`)}
</select>`;

const typed = (field, common) =>
  isNumber(field)
    ? html`<input ...${common} inputmode="decimal" autocomplete="off" />`
    : html`<input ...${common} autocomplete="off" spellcheck="false" />`;

function bounds(field) {
  if (field.format) return `: ${field.format}`;
  const { minimum, maximum } = field;
  if (minimum === undefined && maximum === undefined) return "";
  if (maximum === undefined) return `: ${t("from", { minimum: plain(minimum) })}`;
  return `: ${t("fromTo", { minimum: plain(minimum ?? 0), maximum: plain(maximum) })}`;
}
