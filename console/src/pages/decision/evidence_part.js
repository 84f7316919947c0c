// What a decision was made of: the application, the policy and the artifacts with their hashes.
import { html } from "../../frame/html.js";
import { coded, plain, t } from "../../frame/language.js";
import { fieldOf, may, titleOf } from "../../frame/product.js";
import { link } from "../../frame/routes.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";

export function ApplicationPart({ stored }) {
  const marks = stored.evidence?.features ?? {};
  const columns = [
    { name: t("feature"), value: ([name]) => name, show: ([name]) => html`<${Said} text=${titleOf(name)} />` },
    { name: t("value"), value: ([, value]) => value, show: ([name, value]) => html`<${Said} text=${shown(name, value)} />` },
    { name: t("mark"), value: ([name]) => marks[name], show: ([name]) => html`<code>${marks[name]}</code>` },
  ];
  return html`<h2>${t("application")}</h2>
    <${Table} caption=${t("applicationTold")} columns=${columns} rows=${Object.entries(stored.application)} file=${`application-${stored.predictionId}`} />
    <p>${t("consents")}: ${(stored.consents ?? []).map((one) => coded("consent", one)).join(", ") || t("none")}</p>`;
}

function shown(name, value) {
  const field = fieldOf(name);
  if (typeof value === "number") return `${plain(value)}${field?.unit ? ` ${field.unit}` : ""}`;
  return field?.values ? coded("value", value) : value;
}

export function EvidencePart({ stored }) {
  const columns = [
    { name: t("model"), value: ([name]) => name, show: ([name]) => html`<${Said} text=${name} />` },
    { name: t("version"), value: ([, one]) => one.version, show: ([, one]) => html`<${Said} text=${one.version} />` },
    { name: "SHA-256", value: ([, one]) => one.sha256, show: ([, one]) => html`<code>${one.sha256 ?? "–"}</code>` },
  ];
  return html`<h2>${t("evidence")}</h2>
    <${Facts} of=${[[t("policyVersion"), html`<code>${stored.policyVersion}</code>`], [t("language"), coded("language", stored.language)]]} />
    <${Table} caption=${t("artifacts")} columns=${columns} rows=${Object.entries(stored.models)} />
    ${may("GET /predictions/{clientId}/{predictionId}/evidence") && html`<p class="unprinted"><a href=${link("evidence", stored.clientId, stored.predictionId)}>${t("openPack")}</a></p>`}
    <details><summary>${t("policyDocument")}</summary><pre tabindex="0"><code>${JSON.stringify(stored.evidence?.policy ?? {}, null, 1)}</code></pre></details>`;
}
