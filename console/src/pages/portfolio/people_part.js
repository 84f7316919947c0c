// What people decided beside the score: overrides, agreement, and what became of them.
import { html } from "../../frame/html.js";
import { coded, percent, plain, t } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";

export function PeoplePart({ of }) {
  const { all } = of;
  const rows = [
    ...of.byReviewer.map((one) => ({ name: one.reviewer.username, ...one })),
    ...Object.entries(of.byReason).map(([code, one]) => ({ name: reasonText(code), ...one })),
    ...Object.entries(of.byCase).map(([code, one]) => ({ name: coded("case", code), ...one })),
  ];
  const columns = [
    { name: t("group"), value: (one) => one.name, show: (one) => html`<${Said} text=${one.name} />` },
    { name: t("ended"), value: (one) => one.ended, numeric: true },
    { name: t("approvedCount"), value: (one) => one.approved, numeric: true },
    { name: t("declinedCount"), value: (one) => one.declined, numeric: true },
    { name: t("overrideRate"), value: (one) => one.overrideRate, show: (one) => percent(one.overrideRate), numeric: true },
    { name: t("agreement"), value: (one) => one.agreementWithScore, show: (one) => percent(one.agreementWithScore), numeric: true },
    { name: t("badRateOverrides"), value: (one) => one.outcomesOfOverrides.badRate, show: (one) => percent(one.outcomesOfOverrides.badRate), numeric: true },
  ];
  return html`<h2>${t("people")}</h2>
    <${Facts} of=${[
      [t("ended"), plain(all.ended)], [t("overrideRate"), percent(all.overrideRate)], [t("agreement"), percent(all.agreementWithScore)],
      [t("badRateOverrides"), percent(all.outcomesOfOverrides.badRate)],
    ]} />
    <${Table} caption=${t("peopleTold")} columns=${columns} rows=${rows} file="people" empty=${t("noReviewsYet")} />`;
}

const reasonText = (code) => product.value.review.reasons.find((one) => one.code === code)?.text ?? code;
