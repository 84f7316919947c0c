// A rollback of a model: a version that was accepted before answers again, once it is confirmed by name.
import { useSignal } from "@preact/signals";
import { html } from "../../../frame/html.js";
import { ask, path } from "../../../requests/api.js";
import { useAsking } from "../../../requests/asking.js";
import { t } from "../../../frame/language.js";
import { Trouble } from "../../../parts/notice.js";
import { errorOf } from "../../../parts/typed_values.js";
import { offered } from "./versions.js";

export function ModelRollbackPart({ of, onAsked }) {
  const { model, inService, former } = of;
  const others = offered(of);
  const typed = useSignal({ version: former ?? others[0] ?? "", reason: "" });
  const isAsked = useSignal(false);
  const rolling = useAsking(async () => {
    isAsked.value = false;
    await ask("POST", path`/models/${model}/rollback`, typed.value);
    onAsked({ model, version: typed.value.version });
  });
  if (!others.length) return html`<p>${t("noOtherVersion")}</p>`;
  const set = (name) => (event) => {
    isAsked.value = false;
    typed.value = { ...typed.value, [name]: event.currentTarget.value };
  };
  const wrong = errorOf(rolling.problem, "#/reason");
  const ids = { version: `rollback-version-${model}`, reason: `rollback-reason-${model}` };
  return html`<form noValidate onSubmit=${(event) => { event.preventDefault(); isAsked.value = true; }}>
    <label for=${ids.version}>${t("rollbackTo")}</label>
    <select id=${ids.version} onChange=${set("version")}>${others.map((one) => html`<option value=${one} selected=${one === typed.value.version}>${one}</option>`)}</select>
    <label for=${ids.reason}>${t("reason")}</label>
    <input id=${ids.reason} value=${typed.value.reason} onInput=${set("reason")} aria-invalid=${wrong ? "true" : undefined} aria-describedby=${`${ids.reason}-error`} />
    <small id=${`${ids.reason}-error`} class="error">${wrong}</small>
    <${Trouble} problem=${rolling.problem} />
    ${isAsked.value
      ? html`<p role="alert">${t("rollbackAsked", { model, version: typed.value.version, live: inService ?? "–" })}</p>
        <div class="actions">
          <button type="button" onClick=${() => rolling.run()}>${t("confirmRollback", { version: typed.value.version })}</button>
          <button type="button" class="secondary" onClick=${() => (isAsked.value = false)}>${t("cancel")}</button>
        </div>`
      : html`<div class="actions"><button type="submit" class="secondary" aria-busy=${rolling.busy ? "true" : undefined}>${t("rollModelBack")}</button></div>`}
  </form>`;
}
