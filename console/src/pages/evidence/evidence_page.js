// Evidence: the pack of one decision, checked here, saved as a file, or chosen from the disk.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { get, path, Problem } from "../../requests/api.js";
import { useAnswer, useAsking } from "../../requests/asking.js";
import { t } from "../../frame/language.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { beside, checked } from "./pack_checks.js";
import { bytesOf, unzipped } from "./pack_file.js";
import { Pack } from "./pack_part.js";

const placeOf = (clientId, predictionId) => `${path`/predictions/${clientId}/${predictionId}`}/evidence`;

async function asked(clientId, predictionId) {
  const files = bytesOf((await get(placeOf(clientId, predictionId))).files);
  return { files, clientId, ...(await checked(files)) };
}

/** Check a file of the person's own, beside the pack that the bank makes now. */
async function chosen(file) {
  let files;
  try {
    files = unzipped(new Uint8Array(await file.arrayBuffer()));
  } catch {
    throw new Problem({ title: t("noZip") });
  }
  const found = await checked(files);
  if (!found.decision) throw new Problem({ title: t("noPack"), detail: t("noPackWhy") });
  const clientId = String(found.records.find((one) => one.id === found.decision)?.record.clientId ?? "");
  const fresh = clientId && (await get(placeOf(clientId, found.decision)).catch(() => null));
  const bank = fresh ? beside(files, bytesOf(fresh.files)) : { check: "BANK", unknown: true, faults: [] };
  return { files, clientId, ...found, checks: [...found.checks, bank] };
}

export function EvidencePage({ names: [clientId, predictionId] }) {
  const checking = useAsking((file) => chosen(file));
  return html`<${Titled} title=${t("page.evidence")}>
    <p>${t("evidenceAbout")}</p>
    <${FindPack} clientId=${clientId} predictionId=${predictionId} />
    <div class="field"><label for="pack-file">${t("packFile")}</label>
      <input id="pack-file" type="file" accept=".zip" aria-describedby="pack-help"
        onChange=${(event) => event.currentTarget.files[0] && checking.anew(event.currentTarget.files[0])} />
      <small id="pack-help">${t("packFileHelp")}</small></div>
    <${Busy} when=${checking.busy} text=${t("checking")} /><${Trouble} problem=${checking.problem} />
    ${checking.value ? html`<${Pack} pack=${checking.value} isChosen=${true} />`
      : predictionId && !checking.problem && html`<${AskedPack} clientId=${clientId} predictionId=${predictionId} />`}
  <//>`;
}

function AskedPack({ clientId, predictionId }) {
  const pack = useAnswer(() => asked(clientId, predictionId), [clientId, predictionId]);
  return html`<${Busy} when=${pack.busy} text=${t("checking")} /><${Trouble} problem=${pack.problem} again=${pack.run} />
    ${pack.value && html`<${Pack} pack=${pack.value} />`}`;
}

function FindPack({ clientId, predictionId }) {
  const typed = useSignal({ clientId: clientId ?? "", predictionId: predictionId ?? "" });
  const set = (name) => (event) => (typed.value = { ...typed.value, [name]: event.currentTarget.value.trim() });
  const find = (event) => {
    event.preventDefault();
    const { clientId: client, predictionId: prediction } = typed.value;
    if (client && prediction) go(link("evidence", client, prediction));
  };
  return html`<form aria-label=${t("findPack")} onSubmit=${find}>
    <div class="fields"><div class="field"><label for="pack-client">${t("client")}</label><input id="pack-client" autocomplete="off" value=${typed.value.clientId} onInput=${set("clientId")} /></div>
    <div class="field"><label for="pack-decision">${t("prediction")}</label><input id="pack-decision" autocomplete="off" value=${typed.value.predictionId} onInput=${set("predictionId")} /></div></div>
    <div class="actions"><button type="submit">${t("makePack")}</button></div>
  </form>`;
}
