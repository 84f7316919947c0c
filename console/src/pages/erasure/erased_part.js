// What an erasure answered: the records of each class that were erased, and those that a law keeps.
import { html } from "../../frame/html.js";
import { coded, day, plain, t, time } from "../../frame/language.js";
import { Facts, Table } from "../../parts/table.js";
import { Said } from "../../parts/said.js";

export const REASONS = ["CLIENT_REQUEST", "CONSENT_WITHDRAWN", "UNLAWFUL_DATA", "COURT_ORDER"];

export const reasonOf = (code) => coded("erasure", code);

export function ErasedPart({ of }) {
  const rows = [...of.classes, { class: "files", ...of.files }];
  const columns = [
    { name: t("kind"), value: (one) => one.class, show: (one) => coded("erasedClass", one.class) },
    { name: t("erased"), value: (one) => one.erased, show: (one) => plain(one.erased), numeric: true },
    { name: t("pseudonymised"), value: (one) => one.pseudonymised, show: (one) => plain(one.pseudonymised), numeric: true },
    { name: t("kept"), value: (one) => one.kept, show: (one) => plain(one.kept), numeric: true },
    { name: t("keptUntil"), value: (one) => one.until, show: (one) => day(one.until) },
    { name: t("law"), wide: true, value: (one) => one.law, show: (one) => html`<${Said} text=${one.law} lang=${of.language} />` },
  ];
  const count = (...names) => rows.reduce((sum, one) => sum + names.reduce((part, name) => part + (one[name] ?? 0), 0), 0);
  return html`<section aria-label=${t("erasureDone")}>
    <h2 tabindex="-1">${t("erasureDone")}</h2>
    <${Facts} of=${[[t("client"), html`<${Said} text=${of.client} />`], [t("decidedAt"), time(of.at)], [t("reason"), reasonOf(of.reason)]]} />
    <p>${found(count("erased", "pseudonymised"), count("kept"), of.isRepeat)} ${t("erasureLater")}</p>
    <${Table} caption=${t("erasedTold")} columns=${columns} rows=${rows} />
  </section>`;
}

function found(changed, kept, isRepeat) {
  if (changed) return t(kept ? "erasureKeeps" : "erasureKeepsNone");
  if (!kept) return t(isRepeat ? "erasureBeforeAll" : "erasureNothing");
  return `${t("erasureOnlyKept")} ${isRepeat ? t("erasureBefore") : ""}`;
}
