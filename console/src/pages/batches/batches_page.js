// Batches: a file is uploaded by its presigned address, decided, and its results are fetched.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { html } from "../../frame/html.js";
import { ask, get, path, Problem } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { coded, language, plain, t, time } from "../../frame/language.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { may } from "../../frame/product.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { formOf } from "./file_form.js";

const EVERY_MS = 2000;
const NONE_SUCH = 404;
const GOES_ON = ["WAITING", "RUNNING"];

/** Send a chosen file. A repeat goes on with its batch, which starts once. */
async function send(chosen) {
  chosen.made ??= await ask("POST", "/batches", { format: formOf(chosen.file.name), bytes: chosen.file.size });
  const { batchId } = chosen.made;
  if (!chosen.isThere) await upload(chosen);
  await ask("POST", "/batches", { batchId });
  go(link("batches", batchId));
}

async function upload(chosen) {
  const { method, url, headers } = chosen.made.upload;
  const sent = { "Content-Type": headers["Content-Type"] }; // the browser counts the bytes
  const put = await fetch(url, { method, headers: sent, body: chosen.file }).catch(() => null);
  chosen.isThere = Boolean(put?.ok);
  if (chosen.isThere) return;
  if (put) chosen.made = undefined; // its address is over, and nothing of it was decided
  throw new Problem({ title: t("uploadFailed"), status: put?.status ?? 0 });
}

export function BatchesPage({ names: [batchId] }) {
  const chosen = useSignal(null);
  const sending = useAsking(() => send(chosen.value));
  const choose = (event) => {
    const [file] = event.currentTarget.files;
    chosen.value = file ? { file } : null;
  };
  return html`<${Titled} title=${t("page.batches")}>
    ${may("POST /batches") && html`<form noValidate onSubmit=${(event) => { event.preventDefault(); if (chosen.value) sending.once(); }}>
      <label for="batch-file">${t("batchFile")}</label>
      <input id="batch-file" type="file" accept=".csv,.jsonl,.parquet" onChange=${choose} aria-describedby="batch-help" />
      <small id="batch-help">${t("batchHelp")}</small>
      <div class="actions"><button type="submit" disabled=${!chosen.value} aria-busy=${sending.busy ? "true" : undefined}>${t("sendBatch")}</button></div>
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
  const going = useAsking(async () => {
    await ask("POST", "/batches", { batchId: id });
    await batch.run();
  });
  const goesOn = batch.problem ? batch.problem.status !== NONE_SUCH : GOES_ON.includes(batch.value?.state);
  useEffect(() => void batch.run(), [id, language.value]);
  useEffect(() => {
    if (batch.busy || !goesOn) return undefined;
    const again = setTimeout(() => batch.run(), EVERY_MS);
    return () => clearTimeout(again);
  }, [batch.busy, goesOn]);
  const one = batch.value;
  return html`<h2>${t("batch")}</h2><${Trouble} problem=${going.problem ?? batch.problem} again=${going.problem ? going.run : batch.run} />
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
        ${one.state === "INTERRUPTED" && may("POST /batches") && html`<button type="button" onClick=${() => going.run()} aria-busy=${going.busy ? "true" : undefined}>${t("goOn")}</button>`}
      </div>`}`;
}
