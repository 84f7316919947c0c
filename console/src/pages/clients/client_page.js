// A client's history as a timeline: decisions, what people did, and what became of the loans.
import { html } from "../../frame/html.js";
import { get, path } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { coded, time, t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { link } from "../../frame/routes.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { eventsOf } from "./client_events.js";

const MOST = 20;

async function history(clientId) {
  const { predictions, next } = await get(`${path`/predictions/${clientId}`}?limit=${MOST}`);
  const whole = [];
  for (const one of predictions) whole.push(await get(path`/predictions/${clientId}/${one.predictionId}`));
  return { events: whole.flatMap(eventsOf).sort((a, b) => b.at.localeCompare(a.at)), more: Boolean(next) };
}

export function ClientPage({ names: [clientId] }) {
  const found = useAnswer(() => history(clientId), [clientId]);
  return html`<${Titled} title=${t("page.client")}>
    <p><strong><${Said} text=${clientId} /></strong></p>
    ${may("DELETE /clients/{clientId}") && html`<p><a href=${link("erasure", clientId)}>${t("page.erasure")}</a></p>`}
    <${Busy} when=${found.busy} /><${Trouble} problem=${found.problem} again=${found.run} />
    ${found.value && html`
      ${found.value.events.length === 0 && html`<p>${t("noHistory")}</p>`}
      <ol class="timeline">${found.value.events.map((one) => html`<${Event} of=${one} clientId=${clientId} />`)}</ol>
      ${found.value.more && html`<p>${t("historyMore", { count: MOST })}</p>`}`}
  <//>`;
}

const Event = ({ of, clientId }) => html`<li>
  <a href=${link("decision", clientId, of.predictionId)}>${time(of.at)}</a> · ${t(`event.${of.kind}`)}
  ${of.decision && html` <span class=${`tag ${of.decision}`}>${coded("decision", of.decision)}</span>`}
  ${of.score != null && html` · ${t("score")} ${of.score}`}
  ${of.outcome && html` <strong>${coded("outcome", of.outcome)}</strong>`}
  ${of.by && html` · <${Said} text=${of.by} />`}
  ${of.text && html`<blockquote><${Said} text=${of.text} /></blockquote>`}
</li>`;
