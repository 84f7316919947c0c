// An erasure of a client: why, a second time by the client's id, and what was erased and what stays.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { useKeptAsking } from "../../requests/asking.js";
import { t } from "../../frame/language.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { Titled } from "../../frame/shell.js";
import { Labelled } from "../../parts/field.js";
import { errorOfParameter, isId } from "../../parts/typed_values.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { ErasedPart, REASONS, reasonOf } from "./erased_part.js";
import { erased } from "./erasing.js";

export function ErasurePage({ names: [clientId = ""] }) {
  const empty = { client: clientId, reason: "" };
  const name = `erasure:${clientId}`;
  const typed = useDraft(name, empty);
  const isAsked = useSignal(false);
  const isSent = useSignal(false);
  const { reason } = typed.value;
  const client = typed.value.client.trim();
  const erasing = useKeptAsking("erasure", erased);
  const problem = erasing.given[0] === client ? erasing.problem : null;
  useEnd(erasing.busy, () => {
    if (erasing.value?.client !== client) return;
    typed.value = empty;
    isAsked.value = isSent.value = false;
  });
  const set = (name) => (event) => {
    isAsked.value = false;
    typed.value = { ...typed.value, [name]: event.currentTarget.value };
  };
  const wrong = (name, value, isRight = true) => {
    if (isSent.value && !value) return t("needed");
    return isSent.value && !isRight ? t("notAnId") : errorOfParameter(problem, name);
  };
  const cancel = () => {
    isAsked.value = false;
    document.querySelector("main h1").focus(); // its button is gone
  };
  const send = (event) => {
    event.preventDefault();
    isSent.value = true;
    isAsked.value = Boolean(isId(client) && reason);
  };
  return html`<${Titled} title=${t("page.erasure")}>
    <p>${t("erasureAbout")}</p>
    <div hidden=${erasing.busy}><form noValidate onSubmit=${send} aria-label=${t("page.erasure")}>
      <${Labelled} id="erasure-client" label=${t("client")} autocomplete="off" spellcheck="false" wrong=${wrong("clientId", client, isId(client))} value=${typed.value.client} onInput=${set("client")} />
      <${Labelled} id="erasure-reason" label=${t("reason")} of="select" wrong=${wrong("reason", reason)} onChange=${set("reason")}>
        <option value="">${t("choose")}</option>${REASONS.map((one) => html`<option value=${one} selected=${one === reason}>${reasonOf(one)}</option>`)}<//>
      ${!isAsked.value && html`<div class="actions"><button type="submit">${t("erase")}</button></div>`}
    </form>
    ${isAsked.value && html`<${Confirmation} client=${client} onConfirm=${() => erasing.busy || erasing.anew(client, reason, name)} onCancel=${cancel} />`}</div>
    <${Busy} when=${erasing.busy} text=${t("erasing", { client: erasing.given[0] })} /><${Trouble} problem=${problem} />
    ${erasing.value && !erasing.busy && html`<${ErasedPart} of=${erasing.value} />`}
  <//>`;
}

/** Keep the focus while the form is gone, and put it on the outcome once `busy` ends, after `onEnd`. */
function useEnd(busy, onEnd) {
  const wasBusy = useRef(false);
  useEffect(() => {
    if (busy) document.querySelector("main h1").focus();
    else if (wasBusy.current) {
      onEnd();
      document.querySelector("main :is([aria-invalid=true], .trouble, section h2)")?.focus();
    }
    wasBusy.current = busy;
  }, [busy]);
}

function Confirmation({ client, onConfirm, onCancel }) {
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
    <${Labelled} id="erasure-again" label=${t("clientAgain")} autocomplete="off" spellcheck="false" wrong=${differs.value && again.value.trim() !== client && t("idDiffers")} value=${again.value} onInput=${(event) => (again.value = event.currentTarget.value)} />
    <div class="actions">
      <button type="submit">${t("eraseForGood")}</button>
      <button type="button" class="secondary" onClick=${onCancel}>${t("cancel")}</button>
    </div>
  </form>`;
}
