// Reasons as a waterfall, and what would change the decision: the API's smallest change, and
// sliders that ask the same models.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../../../frame/html.js";
import { get, path, post } from "../../../requests/api.js";
import { useAnswer, useAsking } from "../../../requests/asking.js";
import { coded, language, percent, plain, t } from "../../../frame/language.js";
import { fieldOf, product } from "../../../frame/product.js";
import { Busy, Trouble } from "../../../parts/notice.js";
import { Said } from "../../../parts/said.js";
import { ScoreScale } from "../../../parts/scale.js";
import { Waterfall } from "../../../parts/waterfall.js";
import { Slider } from "./slider.js";
import { isOfNow } from "./is_of_now.js";
import { StoredReasons } from "./stored_reasons.js";
import { changed } from "./slider_range.js";

const WAIT_MS = 250;

export function WhatWouldChange({ decided }) {
  const changes = useSignal({});
  const place = path`/predictions/${decided.clientId}/${decided.predictionId}`;
  const isChanged = Object.keys(changes.value).length > 0;
  const stored = useSignal(decided.application); // an answer of POST /predict has none
  const tryWith = (given) => post(`${place}/trial`, { changes: given });
  const asItIs = useAnswer(async () => {
    const answer = await tryWith({});
    stored.value ??= answer.application;
    return answer;
  }, []);
  const isOwn = asItIs.value && isOfNow(decided, asItIs.value);
  const trying = useAsking(tryWith);
  const change = useAnswer(() => get(`${place}/change`), []);
  useEffect(() => {
    const waiting = isChanged && setTimeout(() => trying.run(changes.value), WAIT_MS);
    return () => clearTimeout(waiting);
  }, [changes.value, language.value]);
  const tried = isChanged && !trying.problem ? trying.value : null; // a refused change has no answer
  const set = (name, value) => (changes.value = changed(changes.value, name, value, stored.value));
  return html`
    <h3>${t("scoreScale")}</h3>
    <${ScoreScale} score=${decided.score} cutOffs=${decided.cutOffs} />
    <h3>${t("reasons")}</h3>
    <${Busy} when=${asItIs.busy} />
    <${Trouble} problem=${asItIs.problem} again=${asItIs.run} />
    ${isOwn ? html`<${Steps} of=${asItIs.value} />` : !asItIs.busy && html`
      ${asItIs.value && html`<p role="status">${t("othersNow")}</p>`}<${StoredReasons} of=${decided} />`}
    <section class="unprinted" aria-label=${t("whatWouldChange")}>
      <h3>${t("whatWouldChange")}</h3>
      <${Busy} when=${change.busy} />
      <${Trouble} problem=${change.problem} again=${change.run} />
      ${change.value && html`<${Smallest} change=${change.value} onTry=${(given) => (changes.value = given)} />`}
      <div class="fields">
        ${product.value.fields.filter((one) => one.actionable).map((field) => html`<${Slider} key=${field.name} field=${field}
          stored=${stored.value?.[field.name]} value=${changes.value[field.name]} onChange=${set} />`)}
      </div>
      <${Busy} when=${trying.busy} text=${t("asking")} />
      <${Trouble} problem=${isChanged && trying.problem} again=${() => trying.run(changes.value)} />
      ${tried && html`<p role="status">${t("triedTold", { decision: coded("decision", tried.decision), score: plain(tried.score), probability: percent(tried.probabilityOfDefault) })}</p>`}
      ${tried && html`<${ScoreScale} score=${decided.score} tried=${tried.score} cutOffs=${decided.cutOffs} /><${Steps} of=${tried} />`}
      ${isChanged && html`<div class="actions"><button type="button" class="secondary" onClick=${() => (changes.value = {})}>${t("asStored")}</button></div>`}
    </section>`;
}

const Steps = ({ of }) => of?.score != null && html`<${Waterfall} average=${of.average} contributions=${of.contributions} score=${of.score} />`;

function Smallest({ change, onTry }) {
  const values = Object.fromEntries(change.changes.map((one) => [one.feature, one.to]));
  return html`<p><${Said} text=${change.text} /></p>
    <ul>${change.changes.map((one) => html`<li><${Said} text=${one.title} />: <${Said} text=${shown(one, one.from)} /> → <${Said} text=${shown(one, one.to)} /></li>`)}</ul>
    ${change.changes.length > 0 && html`<div class="actions"><button type="button" class="secondary" onClick=${() => onTry(values)}>${t("tryIt")}</button></div>`}`;
}

const shown = (one, value) => (typeof value === "number" ? plain(value) : fieldOf(one.feature)?.values ? coded("value", value ?? "–") : value);
