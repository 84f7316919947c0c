// Batches: a file is uploaded by its presigned address, decided, and its results are fetched.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../../frame/html.js";
import { ask, get, path, Problem } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { coded, plain, t, time } from "../../frame/language.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { may } from "../../frame/product.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { formOf } from "./file_form.js";

const EVERY_MS = 2000;
const GOES_ON = ["WAITING", "RUNNING"];

async function send(file) {
  const { batchId, upload } = await ask("POST", "/batches", { format: formOf(file.name), bytes: file.size });
  const headers = { "Content-Type": upload.headers["Content-Type"] }; // the browser counts the bytes
  const put = await fetch(upload.url, { method: upload.method, headers, body: file }).catch(() => null);
  if (!put?.ok) throw new Problem({ title: t("uploadFailed"), status: put?.status ?? 0 });
  await ask("POST", "/batches", { batchId });
  go(link("batches", batchId));
}

export function BatchesPage({ names: [batchId] }) {
  const file = useSignal(null);
  const sending = useAsking(() => send(file.value));
  return html`<${Titled} title=${t("page.batches")}>
    ${may("POST /batches") && html`<form noValidate onSubmit=${(event) => { event.preventDefault(); if (file.value) sending.run(); }}>
      <label for="batch-file">${t("batchFile")}</label>
      <input id="batch-file" type="file" accept=".csv,.jsonl,.parquet" onChange=${(event) => (file.value = event.currentTarget.files[0])} aria-describedby="batch-help" />
      <small id="batch-help">${t("batchHelp")}</small>
      <div class="actions"><button type="submit" disabled=${!file.value} aria-busy=${sending.busy ? "true" : undefined}>${t("sendBatch")}</button></div>
    </form>`}
    <${Busy} when=${sending.busy} text=${t("uploading")} /><${Trouble} problem=${sending.problem} />
    <${FindBatch} />
    ${batchId && html`<${Batch} key=${batchId} id=${batchId} />`}
  <//>`;
}

function FindBatch() {
  const typed = useSignal("");
  return html`<form role="search" onSubmit=${(event) => { event.preventDefault(); if (typed.value.trim()) go(link("batches", typed.value.trim())); }}>
    <label for="find-batch">${t("findBatch")}</label>
    <input id="find-batch" type="search" autocomplete="off" onInput=${(event) => (typed.value = event.currentTarget.value)} /></form>`;
}

function Batch({ id }) {
  const batch = useAsking(() => get(path`/batches/${id}`), true);
  const goesOn = !batch.value || GOES_ON.includes(batch.value.state);
  useEffect(() => {
    batch.run();
    const again = goesOn ? setInterval(() => batch.run(), EVERY_MS) : null;
    return () => clearInterval(again);
  }, [id, goesOn]);
  const one = batch.value;
  return html`<h2>${t("batch")}</h2><${Trouble} problem=${batch.problem} again=${batch.run} />
    ${one && html`
      <p role="status"><strong>${coded("batch", one.state)}</strong>${one.detail && html`: <${Said} text=${one.detail} />`}</p>
      ${one.rows && html`<progress aria-label=${t("progress")} value=${one.rows.decided + one.rows.refused} max=${one.rows.total || 1}></progress>`}
      <${Facts} of=${[
        [t("batch"), html`<code>${one.batchId}</code>`], [t("when"), time(one.createdAt)],
        one.rows && [t("rows"), plain(one.rows.total)], one.rows && [t("decidedRows"), plain(one.rows.decided)], one.rows && [t("refusedRows"), plain(one.rows.refused)],
        ...Object.entries(one.decisions ?? {}).map(([code, count]) => [coded("decision", code), plain(count)]),
      ]} />
      <div class="actions">
        ${one.files?.decisions && html`<a href=${one.files.decisions} rel="noreferrer">${t("fetchDecisions")}</a>`}
        ${one.files?.refusals && html`<a href=${one.files.refusals} rel="noreferrer">${t("fetchRefusals")}</a>`}
        ${one.state === "INTERRUPTED" && may("POST /batches") && html`<button type="button" onClick=${() => ask("POST", "/batches", { batchId: id }).then(batch.run)}>${t("goOn")}</button>`}
      </div>`}`;
}
