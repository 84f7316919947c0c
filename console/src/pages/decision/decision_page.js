// A decision's page: all that defends it, for the screen and for paper.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { get, path } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { time, t } from "../../frame/language.js";
import { link } from "../../frame/routes.js";
import { may } from "../../frame/product.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { ActsPart } from "./acts_part.js";
import { ContestPart } from "./contest_part.js";
import { Decided } from "./decided.js";
import { ApplicationPart, EvidencePart } from "./evidence_part.js";
import { ExplanationPart } from "./explanation_part.js";
import { ReplayPart } from "./replay_part.js";
import { OutcomePart } from "./outcome_part.js";
import { NextCase } from "../queue/next_part.js";
import { ReviewPart } from "../queue/review_part.js";

export function DecisionPage({ names: [clientId, predictionId] }) {
  const place = path`/predictions/${clientId}/${predictionId}`;
  const stored = useAnswer(() => get(place), [place]);
  const one = stored.value;
  const decidedNow = useSignal("");
  const decided = async () => {
    decidedNow.value = predictionId;
    await stored.run();
    document.querySelector("main h1")?.focus(); // the form is gone
  };
  return html`<${Titled} title=${t("page.decision")}>
    <${Busy} when=${stored.busy} />
    <${Trouble} problem=${stored.problem} again=${stored.run} />
    ${one && html`
      <${Facts} of=${[
        [t("client"), html`<a href=${link("client", one.clientId)}><${Said} text=${one.clientId} /></a>`],
        [t("prediction"), html`<code>${one.predictionId}</code>`],
        [t("decidedAt"), time(one.createdAt)],
        one.requestedBy && [t("requestedBy"), html`<${Said} text=${one.requestedBy.username} />`],
        one.counterOfferOf && [t("counterOfferOf"), html`<a href=${link("decision", one.clientId, one.counterOfferOf)}>${one.counterOfferOf}</a>`],
      ]} />
      <div class="actions"><button type="button" class="secondary" onClick=${() => print()}>${t("print")}</button></div>
      <${NextCase} decided=${one} />
      ${one.case && may("POST /predictions/{clientId}/{predictionId}/review") && html`<${ReviewPart} decided=${one} onDone=${decided} />`}
      ${decidedNow.value === one.predictionId && html`<p role="status">${t("verdictStored")}</p>`}
      <${Decided} decided=${one} isStored=${true} onChanged=${stored.run} />
      <${ActsPart} stored=${one} />
      <${OutcomePart} stored=${one} onDone=${stored.run} />
      <${ContestPart} stored=${one} onDone=${stored.run} />
      <${ApplicationPart} stored=${one} />
      <${EvidencePart} stored=${one} />
      <${ReplayPart} stored=${one} />
      <${ExplanationPart} stored=${one} />`}
  <//>`;
}
