// The queue: open cases, the soonest due first.
import { html } from "../../frame/html.js";
import { get } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { coded, time, t } from "../../frame/language.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { Table } from "../../parts/table.js";
import { cursorsOf, queueLink, queuePath } from "./queue_pages.js";

export function QueuePage({ query }) {
  const cursors = cursorsOf(query);
  const cursor = cursors.at(-1);
  const list = useAnswer(() => get(queuePath(cursor)), [cursor]);
  const show = (next) => () => {
    go(queueLink(next));
    document.querySelector("main h1").focus(); // its button may be gone
  };
  return html`<${Titled} title=${t("page.queue")}>
    <${Busy} when=${list.busy} /><${Trouble} problem=${list.problem} again=${list.run} />
    ${list.value && html`<${Table} caption=${t("openCases")} columns=${columns()} rows=${list.value.reviews} empty=${t("noCases")} file="cases" />`}
    <div class="actions">
      <button type="button" class="secondary" onClick=${() => list.run()}>${t("reload")}</button>
      ${cursor && html`<button type="button" class="secondary" onClick=${show(cursors.slice(0, -1))}>${t("soonerDue")}</button>`}
      ${list.value?.next && html`<button type="button" class="secondary" onClick=${show([...cursors, list.value.next])}>${t("laterDue")}</button>`}
    </div>
  <//>`;
}

const columns = () => [
  { name: t("due"), value: (one) => one.dueAt, show: (one) => html`<a href=${link("decision", one.clientId, one.predictionId)}>${time(one.dueAt)}</a>${one.isOverdue && html` <span class="tag overdue">${t("overdue")}</span>`}` },
  { name: t("client"), value: (one) => one.clientId, show: (one) => html`<${Said} text=${one.clientId} />` },
  { name: t("kind"), value: (one) => one.kind, show: (one) => coded("case", one.kind) },
  { name: t("priority"), value: (one) => one.priority, show: (one) => coded("priority", one.priority) },
  { name: t("awaits"), value: (one) => one.awaits, show: (one) => coded("awaits", one.awaits) },
  { name: t("claimedBy"), value: (one) => one.claimedBy?.username, show: (one) => (one.claimedBy ? html`<${Said} text=${one.claimedBy.username} /> (${time(one.claimedUntil)})` : "–") },
];
