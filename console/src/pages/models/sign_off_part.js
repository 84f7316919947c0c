// Challengers that a person signs off, with their verdicts.
import { html } from "../../frame/html.js";
import { ask, get, path } from "../../requests/api.js";
import { useAnswer, useAsking } from "../../requests/asking.js";
import { coded, t, time } from "../../frame/language.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { may } from "../../frame/product.js";
import { Labelled } from "../../parts/field.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { errorOf } from "../../parts/typed_values.js";

const SIGN_OFF = "POST /challengers/{model}/{challenger}/sign-off";

export function SignOffPart({ onDone }) {
  const list = useAnswer(() => get("/challengers"), []);
  const all = Object.values(list.value?.models ?? {}).flat();
  const done = () => {
    list.run();
    onDone();
  };
  return html`<h2>${t("signOffs")}</h2>
    <${Busy} when=${list.busy} /><${Trouble} problem=${list.problem} again=${list.run} />
    ${list.value && !all.length && html`<p>${t("noSignOffs")}</p>`}
    ${all.map((one) => html`<${Challenger} key=${one.id} of=${one} onDone=${done} />`)}`;
}

function Challenger({ of, onDone }) {
  const { signOff } = of;
  return html`<article aria-label=${`${of.model} ${of.version}`}>
    <h3><${Said} text=${of.model} /> <${Said} text=${of.version} /></h3>
    <${Facts} of=${[
      [t("since"), time(of.since)], [t("champion"), html`<${Said} text=${of.champion} />`], [t("report"), html`<${Said} text=${of.report} />`],
      ["SHA-256", html`<code>${of.sha256}</code>`], [t("promoted"), of.promoted ? t("yes") : t("no")],
      signOff && [t("verdict"), `${coded("verdict", signOff.verdict === "REFUSE" ? "DECLINE" : signOff.verdict)} · ${time(signOff.at)}`],
      signOff && [t("reason"), html`<${Said} text=${signOff.reason} />`],
      signOff && [t("decidedBy"), html`<${Said} text=${signOff.by.username} />`],
    ]} />
    ${!signOff && may(SIGN_OFF) && html`<${SignOff} of=${of} onDone=${onDone} />`}
  </article>`;
}

function SignOff({ of, onDone }) {
  const reason = useDraft(`sign-off:${of.id}`, "");
  const signing = useAsking(async (verdict) => {
    await ask("POST", path`/challengers/${of.model}/${of.id}/sign-off`, { verdict, reason: reason.value });
    reason.value = "";
    onDone();
  });
  return html`<form noValidate onSubmit=${(event) => event.preventDefault()}>
    <${Labelled} id=${`reason-${of.id}`} label=${t("reason")} wrong=${errorOf(signing.problem, "#/reason")} value=${reason.value} onInput=${(event) => (reason.value = event.currentTarget.value)} />
    <${Trouble} problem=${signing.problem} />
    <div class="actions">
      <button type="button" onClick=${() => signing.once("APPROVE")} aria-busy=${signing.busy ? "true" : undefined}>${t("promote")}</button>
      <button type="button" class="secondary" onClick=${() => signing.once("REFUSE")}>${t("refuse")}</button>
    </div>
  </form>`;
}
