// The trade-off curve with movable cut-offs, on the bank's own recent decisions; and a draft of them.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { ask } from "../../requests/api.js";
import { useAnswer, useAsking } from "../../requests/asking.js";
import { lastDays } from "../../requests/days.js";
import { MOST, readOn, unread } from "../../requests/decision_log.js";
import { useStoppable } from "../../requests/stoppable.js";
import { language, percent, plain, t } from "../../frame/language.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { may } from "../../frame/product.js";
import { Labelled } from "../../parts/field.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Plot } from "../../parts/plots/series.js";
import { Table } from "../../parts/table.js";
import { errorOf } from "../../parts/typed_values.js";
import { shareOf, textOf } from "./assumptions.js";
import { curve, outcome, scored, STEP } from "./trade_off.js";

const DAYS = 30;
const PLACES = { approveFrom: "approve_from", declineBelow: "decline_below" }; // in the policy's document
const EMPTY = { reason: "", effectiveFrom: "" };

export function TradeOffPart({ policy, onDrafted }) {
  const now = { approveFrom: policy.decision.approve_from, declineBelow: policy.decision.decline_below };
  const cutOffs = useDraft(`cut-offs:${now.approveFrom}:${now.declineBelow}`, now);
  const shares = useDraft("assumptions", {});
  const { begin } = useStoppable();
  const log = useAnswer(() => readOn(unread(), lastDays(DAYS, new Date()), MOST, begin()), []);
  const { drafting, typed, isAsSent } = useDrafting(policy, cutOffs, onDrafted);
  const of = scored(log.value?.decisions ?? []);
  const textOfShare = (name) => textOf(name, shares.value, language.value);
  const [margin, loss] = ["margin", "loss"].map((name) => shareOf(textOfShare(name), language.value));
  const assumed = { margin, loss };
  const move = (name) => (event) => (cutOffs.value = { ...cutOffs.value, [name]: Number(event.currentTarget.value) });
  const type = (name) => (event) => (shares.value = { ...shares.value, [name]: { text: event.currentTarget.value, language: language.value } });
  const slider = (name) => html`<div class="field"><${Labelled} id=${`cut-${name}`} label=${html`${t(name)}: <output>${plain(cutOffs.value[name])}</output>`} type="range" wrong=${isAsSent() && errorOf(drafting.problem, `#/policy/decision/${PLACES[name]}`)}
    min=${now.declineBelow - 60} max=${now.approveFrom + 60} step="1" value=${cutOffs.value[name]} onInput=${move(name)} /></div>`;
  const assumption = (name) => html`<div class="field"><${Labelled} id=${`of-${name}`} label=${t(name)} inputmode="decimal" autocomplete="off"
    wrong=${assumed[name] === undefined && t("shareWrong", { example: plain(0.25), percent: percent(0.25) })} value=${textOfShare(name)} onInput=${type(name)} /></div>`;
  return html`<h2>${t("tradeOff")}</h2>
    <${Busy} when=${log.busy} /><${Trouble} problem=${log.problem} again=${log.run} />
    ${log.value && html`<p>${t("tradeOffAbout", { count: of.length })} ${!log.value.isWhole && t("newestOnly", { count: MOST })}</p>`}
    <div class="fields">${slider("approveFrom")}${slider("declineBelow")}${assumption("margin")}${assumption("loss")}</div>
    ${of.length > 0 && html`<${Outcomes} of=${of} now=${now} then=${cutOffs.value} assumed=${assumed} /><${Curves} of=${of} now=${now} then=${cutOffs.value} assumed=${assumed} />`}
    ${may("POST /policies") && html`<${NewDraft} drafting=${drafting} typed=${typed} />`}`;
}

function Outcomes({ of, now, then, assumed }) {
  const [before, after] = [outcome(of, now, assumed), outcome(of, then, assumed)];
  const rows = [["approved", percent], ["reviewed", percent], ["declined", percent], ["badRate", percent], ["profit", plain]];
  const columns = [
    { name: t("figure"), value: ([name]) => t(`figure.${name}`) },
    { name: t("inForce"), value: ([name]) => before[name], show: ([name, show]) => show(before[name]), numeric: true },
    { name: t("moved"), value: ([name]) => after[name], show: ([name, show]) => show(after[name]), numeric: true },
  ];
  return html`<${Table} caption=${t("cutOffsTold")} columns=${columns} rows=${rows} file="cut-offs" />`;
}

function Curves({ of, now, then, assumed }) {
  const points = curve(of, then.declineBelow, assumed);
  const labels = points.map((one) => plain(one.approveFrom));
  const places = [["inForce", now], ["moved", then]].filter(([, one], at) => !at || one.approveFrom !== now.approveFrom);
  const marks = places.map(([name, one]) => ({ name: t(name), place: (one.approveFrom - points[0].approveFrom) / STEP }));
  const drawn = (title, names, file, show) => html`<${Plot} title=${title} labels=${labels} show=${show} file=${file} marks=${marks}
    series=${names.map((one) => ({ name: t(`figure.${one}`), values: points.map((point) => point[one]) }))} />`;
  return html`<div class="columns">
    ${drawn(t("curveTold"), ["approved", "reviewed"], "trade-off", percent)}
    ${drawn(t("badRateTold"), ["badRate"], "bad-rate", percent)}
    ${Number.isFinite(points[0].profit) ? drawn(t("profitTold"), ["profit"], "profit", plain) : html`<div><h3>${t("profitTold")}</h3><p>${t("noProfit")}</p></div>`}
  </div>`;
}

function useDrafting(policy, cutOffs, onDrafted) {
  const typed = useDraft("policy-draft", EMPTY);
  const sent = useSignal(null); // the cut-offs that a problem is of
  const drafting = useAsking(async () => {
    sent.value = cutOffs.value;
    const moved = Object.entries(PLACES).map(([name, place]) => [place, cutOffs.value[name]]);
    const decision = { ...policy.decision, ...Object.fromEntries(moved) };
    const later = typed.value.effectiveFrom && { effectiveFrom: new Date(typed.value.effectiveFrom).toISOString() };
    await ask("POST", "/policies", { policy: { decision }, reason: typed.value.reason, ...later });
    typed.value = EMPTY;
    onDrafted();
  });
  const isAsSent = () => JSON.stringify(sent.value) === JSON.stringify(cutOffs.value);
  return { drafting, typed, isAsSent };
}

function NewDraft({ drafting, typed }) {
  const set = (name) => (event) => (typed.value = { ...typed.value, [name]: event.currentTarget.value });
  const wrong = (name) => errorOf(drafting.problem, `#/${name}`);
  return html`<form noValidate aria-label=${t("newDraft")} onSubmit=${(event) => { event.preventDefault(); drafting.run(); }}>
    <div class="fields">
      <div class="field"><${Labelled} id="draft-reason" label=${t("reason")} wrong=${wrong("reason")} value=${typed.value.reason} onInput=${set("reason")} /></div>
      <div class="field"><${Labelled} id="draft-from" label=${t("effectiveFrom")} type="datetime-local" wrong=${wrong("effectiveFrom")} help=${t("atOnce")} value=${typed.value.effectiveFrom} onInput=${set("effectiveFrom")} /></div>
    </div>
    <${Trouble} problem=${drafting.problem} />
    <div class="actions"><button type="submit" aria-busy=${drafting.busy ? "true" : undefined}>${t("newDraft")}</button></div>
  </form>`;
}
