// A draft: its swap set against the policy in force, and its approvals.
import { html } from "../../frame/html.js";
import { ask, get, path } from "../../requests/api.js";
import { useAnswer, useAsking } from "../../requests/asking.js";
import { coded, percent, plain, t, time } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { differences } from "./differences.js";

export function DraftPart({ draft, inForce, onDone }) {
  const drafted = useAnswer(() => get(path`/policies/${draft.policy}`), [draft.policy]);
  const place = path`/policy-drafts/${draft.id}`;
  const swap = useAsking(() => get(`${place}/swap-set?decisions=1000`));
  const approving = useAsking(async () => {
    await ask("POST", `${place}/approval`);
    onDone();
  });
  return html`<article aria-label=${`${t("draft")} ${draft.policy}`}>
    <${Facts} of=${[
      [t("policy"), html`<code>${draft.policy}</code>`], [t("when"), time(draft.at)], [t("who"), html`<${Said} text=${draft.by.username ?? draft.by.deployment} />`],
      [t("effectiveFrom"), time(draft.effectiveFrom)], [t("reason"), html`<${Said} text=${draft.reason} />`],
      [t("approvals"), html`<${Said} text=${draft.approvals.map((one) => one.by.username).join(", ") || t("none")} />`], [t("missingApprovals"), draft.missingApprovals],
    ]} />
    <${Busy} when=${drafted.busy} /><${Trouble} problem=${drafted.problem} again=${drafted.run} />
    ${drafted.value && html`<${Changed} before=${inForce} after=${drafted.value.policy} name=${draft.policy} />`}
    <div class="actions">
      ${may("GET /policy-drafts/{draft}/swap-set") && html`<button type="button" class="secondary" onClick=${() => swap.run()} aria-busy=${swap.busy ? "true" : undefined}>${t("swapSet")}</button>`}
      ${may("POST /policy-drafts/{draft}/approval") && html`<button type="button" onClick=${() => approving.run()} aria-busy=${approving.busy ? "true" : undefined}>${t("approveDraft")}</button>`}
    </div>
    <${Busy} when=${swap.busy} /><${Trouble} problem=${swap.problem ?? approving.problem} />
    ${swap.value && html`<${SwapSet} of=${swap.value} />`}
  </article>`;
}

function Changed({ before, after, name }) {
  const value = (at) => (one) => (one[at] === undefined ? "–" : JSON.stringify(one[at]));
  const columns = [
    { name: t("figure"), value: (one) => one.name, show: (one) => html`<code><${Said} text=${one.name} /></code>` },
    { name: t("inForce"), value: value("before"), show: (one) => html`<${Said} text=${value("before")(one)} />` },
    { name: t("draft"), value: value("after"), show: (one) => html`<${Said} text=${value("after")(one)} />` },
  ];
  return html`<${Table} caption=${t("draftChanges")} columns=${columns} rows=${differences(before, after)} file=${`draft-${name}`} />`;
}

function SwapSet({ of: { before, after, swapSet } }) {
  const columns = [
    { name: t("before"), value: (one) => one.before, show: (one) => coded("decision", one.before) },
    { name: t("after"), value: (one) => one.after, show: (one) => coded("decision", one.after) },
    { name: t("decisions"), value: (one) => one.count, show: (one) => plain(one.count), numeric: true },
  ];
  const group = (name) => [t(`swap.${name}`), `${plain(swapSet[name].count)}${rate(t("expected"), swapSet[name].expected)}${rate(t("observed"), swapSet[name].observed)}`];
  return html`<${Facts} of=${[
      [t("decisions"), plain(swapSet.decisions)], [`${t("expectedBadRate")}: ${t("before")}`, percent(before.expectedBadRate)],
      [`${t("expectedBadRate")}: ${t("after")}`, percent(after.expectedBadRate)], group("yesToNo"), group("noToYes"),
    ]} />
    <${Table} caption=${t("swapSetTold")} columns=${columns} rows=${swapSet.moves} file="swap-set" />`;
}

const rate = (name, found) => (found ? `; ${name} ${percent(found.rate)} (${percent(found.low)}–${percent(found.high)})` : "");
