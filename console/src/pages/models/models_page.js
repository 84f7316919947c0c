// The models: what is in service, its challenger with the gate's verdict, and who answers for it.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../../frame/html.js";
import { get } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { coded, day, exact, percent, plain, t, language } from "../../frame/language.js";
import { may, product } from "../../frame/product.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { DriftPart } from "../portfolio/drift_part.js";
import { CardPart } from "./card_part.js";
import { Challenger } from "./challenger_part.js";
import { HistoryPart } from "./versions/history_part.js";
import { ReadyPart } from "./ready_part.js";
import { SignOffPart } from "./sign_off_part.js";
import { StandingPart } from "./versions/standing_part.js";
import { UploadPart } from "./upload_part.js";

const EVERY_MS = 5000;
const METRICS = ["auc", "gini", "ks", "brier", "ece", "slope", "bad_rate", "mean_probability"];

export function ModelsPage() {
  const models = useAnswer(() => get("/models"), []);
  const watched = useSignal(null); // the version that this person asked for last
  const turn = useSignal(0);
  const watch = (asked) => {
    watched.value = { ...asked, turn: (turn.value += 1) };
  };
  const settled = () => {
    turn.value += 1;
    models.run();
  };
  const found = Object.entries(models.value?.models ?? {});
  useEffect(() => {
    if (!found.some(([, one]) => one.status !== "InService" || one.waiting)) return undefined;
    const again = setTimeout(() => models.run(), EVERY_MS); // a version is on its way
    return () => clearTimeout(again);
  }, [models.value]);
  return html`<${Titled} title=${t("page.models")}>
    <${Busy} when=${models.busy} /><${Trouble} problem=${models.problem} again=${models.run} />
    <div class="actions"><button type="button" class="secondary" onClick=${() => models.run()}>${t("reload")}</button></div>
    ${may("GET /ready") && html`<${ReadyPart} />`}
    ${watched.value && html`<${StandingPart} key=${watched.value.turn} of=${watched.value} onSettled=${settled} />`}
    ${found.length > 0 && html`<${Metrics} models=${found} />`}
    ${found.map(([name, one]) => html`<${Model} key=${name} name=${name} of=${one} turn=${turn.value} onAsked=${watch} />`)}
    ${may("POST /models/{model}/artifacts") && found.length > 0 && html`<${UploadPart} onAsked=${watch} />`}
    ${may("GET /challengers") && html`<${SignOffPart} onDone=${models.run} />`}
    ${models.value && html`<${DriftPart} drift=${models.value.drift} />`}
  <//>`;
}

function Metrics({ models }) {
  const columns = [
    { name: t("metric"), value: (one) => one, show: (one) => coded("metric", one) },
    ...models.map(([name, one]) => ({ name, value: (metric) => one.metrics?.[metric], show: (metric) => withInterval(metric, one), numeric: true })),
  ];
  return html`<${Table} caption=${t("metricsTold")} columns=${columns} rows=${METRICS} file="metrics" />`;
}

const plain3 = (value) => exact(value, 3);

function withInterval(metric, { metrics, intervals }) {
  const interval = intervals?.[metric];
  return html`${plain3(metrics?.[metric])}${interval && html`<br /><small>${interval.map(plain3).join(" … ")}</small>`}`;
}

function Model({ name, of, turn, onAsked }) {
  const { inventory, challenger, window } = of;
  return html`<article aria-label=${name}>
    <h2><${Said} text=${name} /></h2>
    <${Facts} of=${[
      [t("status"), coded("endpoint", of.status)], [t("version"), html`<${Said} text=${of.version} />`], [t("since"), day(of.since)],
      of.waiting && [t("waiting"), html`<${Said} text=${of.waiting} />`],
      [t("method"), coded("method", of.method ?? "–")], [t("weight"), percent(product.value.models.find((one) => one.name === name)?.weight)],
      window && [t("learntFrom"), `${day(window.from)} – ${day(window.to)}`], [t("loans"), plain(of.rows)], [t("bads"), plain(of.bads)],
      [t("snapshot"), html`<${Said} text=${of.snapshot} />`], ["SHA-256", html`<code>${of.sha256 ?? "–"}</code>`],
    ]} />
    <h3>${t("challenger")}</h3>
    ${challenger ? html`<${Challenger} of=${challenger} />` : html`<p>${t("noChallenger")}</p>`}
    ${may("GET /models/{model}/versions/{version}/card") && of.version && html`<${CardPart} model=${name} champion=${of.version} challenger=${challenger?.version} />`}
    ${may("GET /models/{model}/history") && html`<${HistoryPart} model=${name} turn=${turn} onAsked=${onAsked} />`}
    ${inventory && html`<h3>${t("inventory")}</h3><${Facts} of=${[
      [t("owner"), html`<${Said} text=${inventory.owner} />`], [t("developer"), html`<${Said} text=${inventory.developer} />`], [t("validator"), html`<${Said} text=${inventory.validator} />`],
      [t("nextReview"), html`${day(inventory.nextReview)}${inventory.overdue && html` <span class="tag overdue">${t("overdue")}</span>`}`],
      [t("intendedUse"), html`<${Said} text=${inventory.intendedUse[language.value]} />`], [t("limits"), html`<${Said} text=${inventory.limits[language.value]} />`],
    ]} />`}
  </article>`;
}
