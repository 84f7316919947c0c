// The policy: what is in force, the trade-off of its cut-offs, drafts and their approvals.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { get, path } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { coded, t, time } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { DraftPart } from "./draft_part.js";
import { RollbackPart } from "./rollback_part.js";
import { TradeOffPart } from "./trade_off_part.js";

async function overview() {
  const all = await get("/policies");
  const inForce = all.inForce?.policy ?? all.deployed;
  return { ...all, document: (await get(path`/policies/${inForce}`)).policy, version: inForce };
}

export function PolicyPage() {
  const found = useAnswer(overview, []);
  const all = found.value;
  const done = useSignal(null); // the text of the last act: {key, values}
  const after = (key, values) => () => {
    done.value = { key, values };
    found.run();
  };
  return html`<${Titled} title=${t("page.policy")}>
    <p role="status">${done.value && t(done.value.key, done.value.values)}</p>
    <${Busy} when=${found.busy} /><${Trouble} problem=${found.problem} again=${found.run} />
    ${all && html`
      <${Facts} of=${[
        [t("inForce"), html`<code>${all.version}</code>`], [t("since"), time(all.inForce?.from)],
        [t("approveFrom"), all.document.decision.approve_from], [t("declineBelow"), all.document.decision.decline_below],
      ]} />
      ${all.scheduled.map((one) => html`<p>${t("comesIntoForce", { policy: one.policy, time: time(one.from) })}</p>`)}
      ${may("GET /decisions") && html`<${TradeOffPart} policy=${all.document} onDrafted=${after("draftStored")} />`}
      <h2>${t("drafts")}</h2>
      ${all.drafts.length === 0 && html`<p>${t("noDrafts")}</p>`}
      ${all.drafts.map((one) => html`<${DraftPart} key=${one.id} draft=${one} inForce=${all.document} onDone=${after("approvalStored", { policy: one.policy })} />`)}
      ${may("POST /policy-rollback") && html`<${RollbackPart} all=${all} onDone=${after("rollbackStored")} />`}
      <h2>${t("acts")}</h2>
      <${Table} caption=${t("actsTold")} columns=${columns()} rows=${all.acts} file="policy-acts" />`}
  <//>`;
}

const columns = () => [
  { name: t("when"), value: (one) => one.at, show: (one) => time(one.at) },
  { name: t("act"), value: (one) => one.kind, show: (one) => coded("act", one.kind) },
  { name: t("policy"), value: (one) => one.policy, show: (one) => html`<code>${one.policy}</code>` },
  { name: t("who"), value: (one) => one.by.username ?? one.by.deployment, show: (one) => html`<${Said} text=${one.by.username ?? one.by.deployment} />` },
  { name: t("effectiveFrom"), value: (one) => one.effectiveFrom, show: (one) => time(one.effectiveFrom) },
  { name: t("reason"), value: (one) => one.reason, show: (one) => html`<${Said} text=${one.reason} />` },
];
