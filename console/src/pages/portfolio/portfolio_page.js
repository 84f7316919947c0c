// The portfolio: what was decided in a period, beside the score and what became of it.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { get } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { lastDays } from "../../requests/days.js";
import { coded, percent, plain, t } from "../../frame/language.js";
import { Titled } from "../../frame/shell.js";
import { Trouble } from "../../parts/notice.js";
import { Facts, Table } from "../../parts/table.js";
import { Plot } from "../../parts/plots/series.js";
import { byDay, overall, scores, silences } from "./figures.js";
import { DriftPart } from "./drift_part.js";
import { PeoplePart } from "./people_part.js";
import { Reading, useReading } from "./reading.js";
import { ReferencePart } from "./reference_part.js";
import { VintagesPart } from "./vintages_part.js";
import { Period } from "./period.js";

const DAYS = 30;

export function PortfolioPage() {
  const filters = useSignal({ ...lastDays(DAYS, new Date()), decision: "", basis: "", segment: "" });
  const log = useReading(filters.value);
  const { from, to } = filters.value;
  const people = useAnswer(() => get(`/portfolio?from=${from}&to=${to}`), [from, to]);
  const models = useAnswer(() => get("/models"), []);
  const asked = [log, people, models];
  const wrong = log.problem ?? people.problem;
  const hasSome = log.value?.isWhole || log.value?.decisions.length > 0;
  return html`<${Titled} title=${t("page.portfolio")}>
    <${Period} filters=${filters.value} problem=${wrong} onChange=${(next) => (filters.value = next)} />
    <${Reading} of=${log} />
    <${Trouble} problem=${wrong ?? models.problem} again=${() => asked.filter((one) => one.problem).forEach((one) => one.run())} />
    ${hasSome && html`<${Decisions} of=${log.value.decisions} />`}
    ${people.value && html`<${PeoplePart} of=${people.value} />`}
    ${log.value && models.value && html`<${VintagesPart} of=${log.value.decisions} vintages=${models.value.vintages?.vintages} />`}
    ${hasSome && models.value && html`<${ReferencePart} of=${log.value.decisions} models=${models.value.models} />`}
    ${models.value && html`<${DriftPart} drift=${models.value.drift} />`}
  <//>`;
}

function Decisions({ of }) {
  const [days, spread, shares, silent] = [byDay(of), scores(of), overall(of), silences(of)];
  const columns = [
    { name: t("model"), value: (one) => one.model },
    { name: t("decisions"), value: (one) => one.decisions, numeric: true },
    { name: t("silent"), value: (one) => one.silent, numeric: true },
    { name: t("rate"), value: (one) => one.rate, show: (one) => percent(one.rate), numeric: true },
    { name: t("causes"), value: (one) => Object.entries(one.causes).map(([cause, count]) => `${coded("cause", cause)}: ${count}`).join("; ") },
  ];
  return html`
    <${Facts} of=${[
      [t("decisions"), plain(of.length)], [t("approvalRate"), percent(shares.approved)], [t("reviewRate"), percent(shares.reviewed)],
      [t("declineRate"), percent(shares.declined)], [t("expectedBadRate"), percent(shares.expected)],
    ]} />
    <div class="columns">
      <${Plot} title=${t("decisionsADay")} labels=${days.days} series=${[{ name: t("decisions"), values: days.counts }]} bars=${true} file="decisions-a-day" />
      <${Plot} title=${t("approvalRate")} labels=${days.days} series=${[{ name: t("approvalRate"), values: days.approvals }]} show=${percent} file="approval-rate" />
      <${Plot} title=${t("scoreDistribution")} labels=${spread.bins} series=${[{ name: t("share"), values: spread.shares }]} bars=${true} show=${percent} file="scores" />
    </div>
    <h2>${t("modelsSilent")}</h2>
    <${Table} caption=${t("modelsSilent")} columns=${columns} rows=${silent} file="models-silent" />`;
}
