// The decision made again at the press of a button.
import { html } from "../../frame/html.js";
import { get, path } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { coded, t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";

export function ReplayPart({ stored }) {
  const replay = useAsking(() => get(`${path`/predictions/${stored.clientId}/${stored.predictionId}`}/replay`));
  if (!may("GET /predictions/{clientId}/{predictionId}/replay")) return null;
  const columns = [
    { name: t("check"), value: (one) => `${one.check} ${one.name}`, show: (one) => html`${coded("check", one.check)} <${Said} text=${one.name} />` },
    { name: t("stored"), value: (one) => one.stored, show: (one) => html`<${Said} text=${one.stored} />` },
    { name: t("found"), value: (one) => one.found, show: (one) => html`<${Said} text=${one.found} />` },
    { name: t("same"), value: (one) => one.same, show: (one) => (one.same ? `✓ ${t("yes")}` : `✗ ${t("no")}`) },
  ];
  return html`<h2>${t("replay")}</h2>
    <p>${t("replayAbout")}</p>
    <div class="actions"><button type="button" onClick=${() => replay.run()} aria-busy=${replay.busy ? "true" : undefined}>${t("replayNow")}</button></div>
    <${Busy} when=${replay.busy} text=${t("replaying")} />
    <${Trouble} problem=${replay.problem} />
    ${replay.value && html`<p role="status"><strong>${coded("replay", replay.value.outcome)}</strong></p>
      <${Table} caption=${t("replayChecks")} columns=${columns} rows=${replay.value.checks} file=${`replay-${stored.predictionId}`} />`}`;
}
