// A case on its decision's page: claim it, decide with a reason, and go to the next one.
import { useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { ask, path } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { coded, plain, t, time } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { session } from "../../signing_in/session.js";
import { Labelled, Wrong } from "../../parts/field.js";
import { Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { errorOf } from "../../parts/typed_values.js";

const EMPTY = { verdict: "", reason: "", text: "" };

export function ReviewPart({ decided, onDone }) {
  const place = `${path`/predictions/${decided.clientId}/${decided.predictionId}`}/review`;
  const heading = useRef(null);
  const claim = useAsking(async (act) => {
    const answer = await ask("POST", `${place}/${act}`);
    heading.current?.focus(); // its button is another one now
    return answer;
  });
  const { barred } = decided.case;
  const held = claim.value ?? decided.case;
  const mine = held.claimedBy && held.claimedBy.username === session.value?.username;
  const isOthers = held.claimedBy && !mine && Date.parse(held.claimedUntil) > Date.now();
  return html`<article aria-label=${t("review")}>
    <h2 ref=${heading} tabindex="-1">${t("review")}</h2>
    <p>${coded("awaits", decided.awaits)}${above(decided) && html` · ${t("secondAbove", { amount: plain(product.value.review.secondPersonAbove) })}`}</p>
    ${barred || isOthers ? html`<p role="status"><${Said} text=${barred || t("heldBy", { person: held.claimedBy.username, time: time(held.claimedUntil) })} /></p>` : html`
      ${mine && html`<p role="status">${t("claimedUntil", { time: time(held.claimedUntil) })}</p>`}
      <div class="actions">${mine
        ? html`<button key="release" type="button" class="secondary" onClick=${() => claim.run("release")}>${t("release")}</button>`
        : html`<button key="claim" type="button" onClick=${() => claim.run("claim")} aria-busy=${claim.busy ? "true" : undefined}>${t("claim")}</button>`}</div>
      <${Trouble} problem=${claim.problem} />
      <${VerdictForm} place=${place} name=${decided.predictionId} onDone=${onDone} />`}
  </article>`;
}

function above(decided) {
  const { amountField, secondPersonAbove } = product.value.review;
  return !amountField || decided.application[amountField] > secondPersonAbove;
}

function VerdictForm({ place, name, onDone }) {
  const typed = useDraft(`review:${name}`, EMPTY);
  const set = (part) => (event) => {
    const value = event.currentTarget.value;
    typed.value = { ...typed.value, ...(part === "verdict" && { reason: "" }), [part]: value };
  };
  const sending = useAsking(async () => {
    await ask("POST", place, typed.value);
    typed.value = EMPTY;
    onDone();
  });
  const send = (event) => {
    event.preventDefault();
    sending.run();
  };
  const wrong = (part) => (sending.problem && !typed.value[part] && part !== "text" ? t("choose") : errorOf(sending.problem, `#/${part}`));
  const reasons = product.value.review.reasons.filter((one) => one.verdict === typed.value.verdict);
  return html`<form class="unprinted" noValidate onSubmit=${send} aria-label=${t("verdict")}>
    <fieldset><legend>${t("verdict")}</legend>
      ${["APPROVE", "DECLINE"].map((one) => html`<label><input type="radio" name="verdict" value=${one} checked=${typed.value.verdict === one} onChange=${set("verdict")} /> ${coded("verdict", one)}</label>`)}
      <${Wrong} of=${wrong("verdict")} /></fieldset>
    <${Labelled} id="reason" label=${t("reason")} of="select" wrong=${wrong("reason")} onChange=${set("reason")}>
      <option value="">${t("choose")}</option>
      ${reasons.map((one) => html`<option value=${one.code} selected=${one.code === typed.value.reason}>${one.text}</option>`)}<//>
    <${Labelled} id="text" label=${t("ownWords")} of="textarea" rows="3" wrong=${wrong("text")} value=${typed.value.text} onInput=${set("text")} />
    <${Trouble} problem=${sending.problem} />
    <div class="actions"><button type="submit" aria-busy=${sending.busy ? "true" : undefined}>${t("decide")}</button></div>
  </form>`;
}
