// The form of an application, made from the product's fields.
import { html } from "../../frame/html.js";
import { coded, t } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { Field } from "../../parts/field.js";
import { errorOf, errorsByField } from "../../parts/typed_values.js";
import { askedFor } from "./application_draft.js";
import { useEffect, useRef } from "preact/hooks";

const CLIENT = { name: "clientId", type: "code", required: true };

export function ApplicationForm({ typed, problem, busy, onChange, onSend, children }) {
  const form = useRef(null);
  const errors = errorsByField(problem, "application");
  const set = (name, text) => onChange({ ...typed, texts: { ...typed.texts, [name]: text } });
  const send = (event) => {
    event.preventDefault();
    if (!busy) onSend();
  };
  useEffect(() => {
    if (problem?.errors?.length) form.current.querySelector('[aria-invalid="true"]')?.focus();
  }, [problem]);
  return html`<form ref=${form} noValidate onSubmit=${send} aria-label=${t("application")}>
    <div class="fields">
      <${Field} field=${{ ...CLIENT, title: t("client"), help: t("clientHelp") }} value=${typed.clientId}
        error=${errorOf(problem, "#/clientId")} onInput=${(_, text) => onChange({ ...typed, clientId: text })} />
      ${askedFor(product.value, typed).map((field) => html`<${Field} key=${field.name} field=${field}
        value=${typed.texts[field.name]} error=${errors[field.name]} onInput=${set} />`)}
    </div>
    ${product.value.consents.length > 0 && html`<${Consents} typed=${typed} onChange=${onChange} />`}
    <div class="actions"><button type="submit" aria-busy=${busy ? "true" : undefined}>${t("analyse")}</button>${children}</div>
  </form>`;
}

function Consents({ typed, onChange }) {
  const toggle = (name) => {
    const given = typed.consents.includes(name);
    const consents = given ? typed.consents.filter((one) => one !== name) : [...typed.consents, name];
    onChange({ ...typed, consents });
  };
  return html`<fieldset><legend>${t("consents")}</legend>
    ${product.value.consents.map((name) => html`<label><input type="checkbox" checked=${typed.consents.includes(name)}
      onChange=${() => toggle(name)} /> ${coded("consent", name)}</label>`)}
  </fieldset>`;
}
