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
import { changed } from "./slider_range.js";

const WAIT_MS = 250;

export function WhatWouldChange({ decided }) {
  const changes = useSignal({});
  const place = path`/predictions/${decided.clientId}/${decided.predictionId}`;
  const stored = useSignal(decided.application); // an answer of POST /predict has none
  const trying = useAsking(async (given) => {
    const answer = await post(`${place}/trial`, { changes: given });
    stored.value ??= answer.application; // the first trial changes nothing
    return answer;
  });
  const change = useAnswer(() => get(`${place}/change`), []);
  useEffect(() => {
    const waiting = setTimeout(() => trying.run(changes.value), Object.keys(changes.value).length ? WAIT_MS : 0);
    return () => clearTimeout(waiting);
  }, [changes.value, language.value]);
  const tried = trying.problem ? null : trying.value; // a refused change has no answer
  const set = (name, value) => (changes.value = changed(changes.value, name, value, stored.value));
  return html`
    <h3>${t("scoreScale")}</h3>
    <${ScoreScale} score=${decided.score} tried=${tried?.score} cutOffs=${decided.cutOffs} />
    <h3>${t("reasons")}</h3>
    <${Trouble} problem=${trying.problem} again=${() => trying.run(changes.value)} />
    ${tried?.score != null && html`<${Waterfall} average=${tried.average} contributions=${tried.contributions} score=${tried.score} />`}
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
      ${tried && html`<p role="status">${t("triedTold", { decision: coded("decision", tried.decision), score: plain(tried.score), probability: percent(tried.probabilityOfDefault) })}</p>`}
      ${Object.keys(changes.value).length > 0 && html`<div class="actions"><button type="button" class="secondary" onClick=${() => (changes.value = {})}>${t("asStored")}</button></div>`}
    </section>`;
}

function Smallest({ change, onTry }) {
  const values = Object.fromEntries(change.changes.map((one) => [one.feature, one.to]));
  return html`<p><${Said} text=${change.text} /></p>
    <ul>${change.changes.map((one) => html`<li><${Said} text=${one.title} />: <${Said} text=${shown(one, one.from)} /> → <${Said} text=${shown(one, one.to)} /></li>`)}</ul>
    ${change.changes.length > 0 && html`<div class="actions"><button type="button" class="secondary" onClick=${() => onTry(values)}>${t("tryIt")}</button></div>`}`;
}

const shown = (one, value) => (typeof value === "number" ? plain(value) : fieldOf(one.feature)?.values ? coded("value", value ?? "–") : value);
