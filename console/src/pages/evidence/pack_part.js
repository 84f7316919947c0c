// A pack with its checks, what is in it, and the way to verify it without this page.
import { useAnswer } from "../../requests/asking.js";
import { html } from "../../frame/html.js";
import { coded, plain, t } from "../../frame/language.js";
import { link } from "../../frame/routes.js";
import { save } from "../../parts/csv.js";
import { Busy } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { Facts, Table } from "../../parts/table.js";
import { zipped } from "./pack_file.js";
import { sha256 } from "./record_digests.js";

export function Pack({ pack, isChosen }) {
  const faults = pack.checks.flatMap((one) => one.faults);
  const name = `evidence-${pack.decision}`;
  return html`<h2>${t("pack")}</h2>
    <p role=${faults.length ? "alert" : "status"} class=${faults.length ? "error" : ""}><strong>${faults.length ? t("packRefused", { count: faults.length }) : t("packWhole")}</strong></p>
    <${Facts} of=${[
      [t("prediction"), html`<a href=${link("decision", pack.clientId, pack.decision)}><${Said} text=${pack.decision} /></a>`],
      [t("client"), html`<${Said} text=${pack.clientId} />`], [t("records"), plain(pack.records.length)],
    ]} />
    <${Checks} of=${pack.checks} file=${`${name}-checks`} />
    ${!isChosen && html`<div class="actions"><button type="button" onClick=${async () => save(`${name}.zip`, await zipped(pack.files), "application/zip")}>${t("savePack")}</button></div>`}
    ${pack.later.length > 0 && html`<p>${t("packLater")} ${pack.later.map((one) => html`<code><${Said} text=${one} /></code> `)}</p>`}
    <${Records} of=${pack.records} file=${`${name}-records`} />
    <${Elsewhere} pack=${pack} />
    <${Contents} files=${pack.files} file=${`${name}-files`} />`;
}

function Checks({ of, file }) {
  const result = (one) => (one.unknown ? t("unknown") : one.faults.length ? t("refused") : t("passed"));
  const mark = (one) => (one.unknown ? "?" : one.faults.length ? "✗" : "✓");
  const wrong = (one) => one.faults.map(({ what, name }) => `${coded("fault", what)}: ${name}`).join("; ");
  const columns = [
    { name: t("packCheck"), value: (one) => one.check, show: (one) => coded("packCheck", one.check) },
    { name: t("result"), value: result, show: (one) => `${mark(one)} ${result(one)}` },
    { name: t("wrong"), value: wrong, show: (one) => one.faults.length ? html`<ul>${one.faults.map(({ what, name }) => html`<li>${coded("fault", what)}: <${Said} text=${name} /></li>`)}</ul>` : "" },
  ];
  return html`<${Table} caption=${t("packChecks")} columns=${columns} rows=${of} file=${file} />`;
}

const kindOf = (id) => (id.includes("#") ? id.slice(0, id.indexOf("#")) : "decision");
const dayOf = (file) => file.slice(file.indexOf("/") + 1).replace(/\.jsonl$/, "");

function Records({ of, file }) {
  const said = ({ record }) => [record.decision, record.verdict, record.final, record.act, record.outcome].filter((one) => typeof one === "string").join(" ");
  const columns = [
    { name: t("record"), value: (one) => kindOf(one.id), show: (one) => coded("record", kindOf(one.id)) },
    { name: t("day"), value: (one) => dayOf(one.file), show: (one) => html`<${Said} text=${dayOf(one.file)} />` },
    { name: "Id", value: (one) => one.id, show: (one) => html`<code><${Said} text=${one.id} /></code>` },
    { name: t("content"), value: said, show: (one) => html`<${Said} text=${said(one)} />` },
  ];
  return html`<${Table} caption=${t("packRecords")} columns=${columns} rows=${of} file=${file} />
    ${of.map((one) => html`<details><summary>${coded("record", kindOf(one.id))} · <${Said} text=${one.id} /></summary>
      <pre tabindex="0"><code>${JSON.stringify(one.record, null, 1)}</code></pre></details>`)}`;
}

/** How to verify the pack without trusting this page. */
function Elsewhere({ pack }) {
  const heads = pack.anchors.map((one) => `--head ${one.head}`).join(" ");
  const columns = [
    { name: t("day"), value: (one) => one.day, show: (one) => html`<${Said} text=${one.day} />` },
    { name: t("head"), value: (one) => one.head, show: (one) => html`<code><${Said} text=${one.head} /></code>` },
  ];
  return html`<h3>${t("elsewhere")}</h3><p>${t("elsewhereAbout")}</p>
    <pre tabindex="0"><code>python3 -I verify.py --decision ${pack.decision} ${heads}</code></pre>
    <${Table} caption=${t("packAnchors")} columns=${columns} rows=${pack.anchors} />`;
}

function Contents({ files, file }) {
  const list = useAnswer(() => Promise.all(Object.keys(files).sort().map(async (name) => ({ name, bytes: files[name].length, digest: await sha256(files[name]) }))), [files]);
  const columns = [
    { name: t("file"), value: (one) => one.name, show: (one) => html`<${Said} text=${one.name} />` },
    { name: "Bytes", value: (one) => one.bytes, show: (one) => plain(one.bytes), numeric: true },
    { name: "SHA-256", value: (one) => one.digest, show: (one) => html`<code>${one.digest}</code>` },
  ];
  return html`<${Busy} when=${list.busy} />
    ${list.value && html`<details><summary>${t("packContents", { count: list.value.length })}</summary><${Table} caption=${t("packFiles")} columns=${columns} rows=${list.value} file=${file} /></details>`}`;
}
