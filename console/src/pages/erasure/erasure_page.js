// An erasure of a client: why, a second time by the client's id, and what was erased and what stays.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { ask, path } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { t } from "../../frame/language.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { Titled } from "../../frame/shell.js";
import { Labelled } from "../../parts/field.js";
import { errorOfParameter } from "../../parts/typed_values.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { ErasedPart, REASONS, reasonOf } from "./erased_part.js";

export function ErasurePage({ names: [clientId = ""] }) {
  const empty = { client: clientId, reason: "" };
  const typed = useDraft(`erasure:${clientId}`, empty);
  const isAsked = useSignal(false);
  const isSent = useSignal(false);
  const { reason } = typed.value;
  const client = typed.value.client.trim();
  const erasing = useAsking(async () => {
    const done = await ask("DELETE", `${path`/clients/${client}`}?reason=${reason}`);
    typed.value = empty;
    isAsked.value = isSent.value = false;
    return { ...done, client };
  });
  const set = (name) => (event) => {
    isAsked.value = false;
    typed.value = { ...typed.value, [name]: event.currentTarget.value };
  };
  const wrong = (name, value) => (isSent.value && !value ? t("needed") : errorOfParameter(erasing.problem, name));
  const cancel = () => {
    isAsked.value = false;
    document.querySelector("main h1").focus(); // its button is gone
  };
  const send = (event) => {
    event.preventDefault();
    isSent.value = true;
    isAsked.value = Boolean(client && reason);
  };
  return html`<${Titled} title=${t("page.erasure")}>
    <p>${t("erasureAbout")}</p>
    <form noValidate onSubmit=${send} aria-label=${t("page.erasure")}>
      <${Labelled} id="erasure-client" label=${t("client")} autocomplete="off" spellcheck="false" wrong=${wrong("clientId", client)} value=${typed.value.client} onInput=${set("client")} />
      <${Labelled} id="erasure-reason" label=${t("reason")} of="select" wrong=${wrong("reason", reason)} onChange=${set("reason")}>
        <option value="">${t("choose")}</option>${REASONS.map((one) => html`<option value=${one} selected=${one === reason}>${reasonOf(one)}</option>`)}<//>
      ${!isAsked.value && html`<div class="actions"><button type="submit">${t("erase")}</button></div>`}
    </form>
    ${isAsked.value && html`<${Confirmation} client=${client} busy=${erasing.busy} onConfirm=${erasing.once} onCancel=${cancel} />`}
    <${Busy} when=${erasing.busy} text=${t("erasing")} /><${Trouble} problem=${erasing.problem} />
    ${erasing.value && !erasing.busy && html`<${ErasedPart} of=${erasing.value} />`}
  <//>`;
}

function Confirmation({ client, busy, onConfirm, onCancel }) {
  const again = useSignal("");
  const differs = useSignal(false);
  const alert = useRef(null);
  useEffect(() => alert.current.focus(), []); // its button is gone
  const confirm = (event) => {
    event.preventDefault();
    differs.value = again.value.trim() !== client;
    if (!differs.value) onConfirm();
  };
  return html`<form noValidate onSubmit=${confirm} aria-label=${t("confirmErasure")}>
    <p role="alert" tabindex="-1" ref=${alert}>${t("erasureAsked", { client })}</p>
    <${Labelled} id="erasure-again" label=${t("clientAgain")} autocomplete="off" spellcheck="false" wrong=${differs.value && t("idDiffers")} value=${again.value} onInput=${(event) => (again.value = event.currentTarget.value)} />
    <div class="actions">
      <button type="submit" aria-busy=${busy ? "true" : undefined}>${t("eraseForGood")}</button>
      <button type="button" class="secondary" onClick=${onCancel}>${t("cancel")}</button>
    </div>
  </form>`;
}
