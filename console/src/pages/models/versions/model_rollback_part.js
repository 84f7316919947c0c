// A rollback of a model: a version that was accepted before answers again, once it is confirmed by name.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../../../frame/html.js";
import { ask, path } from "../../../requests/api.js";
import { useAsking } from "../../../requests/asking.js";
import { t } from "../../../frame/language.js";
import { useDraft } from "../../../signing_in/typed_draft.js";
import { Labelled } from "../../../parts/field.js";
import { Trouble } from "../../../parts/notice.js";
import { errorOf } from "../../../parts/typed_values.js";
import { offered } from "./versions.js";

export function ModelRollbackPart({ of, onAsked }) {
  const { model, inService, former } = of;
  const others = offered(of);
  const chosen = useDraft(`rollback:${model}`, "");
  const version = [chosen.value, former].find((one) => others.includes(one)) ?? others[0];
  const reason = useDraft(`rollback:${model}:${version}`, ""); // each version has its own
  const isAsked = useSignal(false);
  const alert = useRef(null);
  useEffect(() => alert.current?.focus(), [isAsked.value]); // its button is gone
  const rolling = useAsking(async () => {
    isAsked.value = false;
    await ask("POST", path`/models/${model}/rollback`, { version, reason: reason.value });
    chosen.value = reason.value = "";
    onAsked({ model, version });
  });
  if (!others.length) return html`<p>${t("noOtherVersion")}</p>`;
  const set = (typed) => (event) => {
    isAsked.value = false;
    typed.value = event.currentTarget.value;
  };
  const wrong = (name) => errorOf(rolling.problem, `#/${name}`);
  return html`<form noValidate onSubmit=${(event) => { event.preventDefault(); isAsked.value = true; }}>
    <${Labelled} id=${`rollback-version-${model}`} label=${t("rollbackTo")} of="select" wrong=${wrong("version")} onChange=${set(chosen)}>
      ${others.map((one) => html`<option value=${one} selected=${one === version}>${one}</option>`)}<//>
    <${Labelled} id=${`rollback-reason-${model}`} label=${t("reason")} wrong=${wrong("reason")} value=${reason.value} onInput=${set(reason)} />
    <${Trouble} problem=${rolling.problem} />
    ${isAsked.value
      ? html`<p role="alert" tabindex="-1" ref=${alert}>${t("rollbackAsked", { model, version, live: inService ?? "–" })}</p>
        <div class="actions">
          <button type="button" onClick=${() => rolling.run()}>${t("confirmRollback", { version })}</button>
          <button type="button" class="secondary" onClick=${() => (isAsked.value = false)}>${t("cancel")}</button>
        </div>`
      : html`<div class="actions"><button type="submit" class="secondary" aria-busy=${rolling.busy ? "true" : undefined}>${t("rollModelBack")}</button></div>`}
  </form>`;
}
