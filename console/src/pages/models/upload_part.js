// An upload of an artifact: its manifest is shown, then it goes to the bucket by a presigned request.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { ask, path, Problem } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { coded, exact, plain, t } from "../../frame/language.js";
import { Labelled } from "../../parts/field.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Facts } from "../../parts/table.js";
import { Said } from "../../parts/said.js";
import { errorOf } from "../../parts/typed_values.js";
import { artifactOf, NotAnArtifact } from "./artifact_file.js";

async function send(file, { manifest, bytes, sha256 }, reason) {
  const { model, version } = manifest;
  const { upload, state } = await ask("POST", path`/models/${model}/artifacts`, { version, bytes, sha256, reason });
  if (state !== "WAITING") return { model, version }; // a repeat: the archive is there already
  const { "Content-Length": _counted, ...headers } = upload.headers; // the browser counts the bytes
  const put = await fetch(upload.url, { method: upload.method, headers, body: file }).catch(() => null);
  if (!put?.ok) throw new Problem({ title: t("uploadFailed"), status: put?.status ?? 0 });
  return { model, version };
}

export function UploadPart({ onAsked }) {
  const chosen = useSignal(null);
  const reason = useDraft("artifact-reason", "");
  const reading = useAsking(async (file) => {
    chosen.value = null;
    try {
      chosen.value = { file, ...(await artifactOf(file)) };
    } catch (fault) {
      throw fault instanceof NotAnArtifact ? new Problem({ title: t("notAnArtifact"), detail: t(fault.key) }) : fault;
    }
  });
  const sending = useAsking(async () => {
    onAsked(await send(chosen.value.file, chosen.value, reason.value));
    reason.value = "";
  });
  return html`<h2>${t("uploadArtifact")}</h2>
    <form noValidate onSubmit=${(event) => { event.preventDefault(); if (chosen.value) sending.once(); }}>
      <label for="artifact-file">${t("artifactFile")}</label>
      <input id="artifact-file" type="file" accept=".gz,application/gzip" onChange=${(event) => event.currentTarget.files[0] && reading.run(event.currentTarget.files[0])} aria-describedby="artifact-help" />
      <small id="artifact-help">${t("artifactHelp")}</small>
      <${Busy} when=${reading.busy} /><${Trouble} problem=${reading.problem} />
      ${chosen.value && html`<${Manifest} of=${chosen.value} />`}
      <${Labelled} id="artifact-reason" label=${t("reason")} wrong=${errorOf(sending.problem, "#/reason")} value=${reason.value} onInput=${(event) => (reason.value = event.currentTarget.value)} />
      <${Busy} when=${sending.busy} text=${t("uploading")} /><${Trouble} problem=${sending.problem} />
      <div class="actions"><button type="submit" disabled=${!chosen.value} aria-busy=${sending.busy ? "true" : undefined}>${t("sendArtifact")}</button></div>
    </form>`;
}

function Manifest({ of: { manifest, bytes, sha256 } }) {
  const said = (value) => html`<${Said} text=${value} />`;
  const { window, metrics } = manifest;
  return html`<${Facts} of=${[
    [t("model"), said(manifest.model)], [t("version"), said(manifest.version)], [t("method"), said(coded("method", manifest.method))], [t("snapshot"), said(manifest.snapshot)],
    [t("loans"), said(manifest.rows)], [t("bads"), said(manifest.bads)], window?.from && [t("learntFrom"), html`${said(window.from)} – ${said(window.to)}`],
    Number.isFinite(metrics?.auc) && ["AUC", exact(metrics.auc, 3)], [t("size"), `${plain(bytes / 1024)} KB`], ["SHA-256", html`<code>${sha256}</code>`],
  ]} />`;
}
