// A table with a caption, which scrolls on a small screen, and its CSV.
import { html } from "../frame/html.js";
import { t } from "../frame/language.js";
import { csv, save } from "./csv.js";

/** `columns` are {name, value(row), show(row)?, numeric?, wide?}: a wide one has sentences. `file` names the CSV, if there is one. */
export function Table({ caption, columns, rows, file, empty }) {
  if (!rows.length) return html`<p>${empty ?? t("nothing")}</p>`;
  return html`
    <div class="scrolls" role="region" aria-label=${caption} tabindex="0">
      <table>
        <caption><span>${caption}</span></caption>
        <thead><tr>${columns.map((one) => html`<th scope="col" class=${kindOf(one)}>${one.name}</th>`)}</tr></thead>
        <tbody>${rows.map((row) => html`<tr>${columns.map((one, place) => cell(one, row, place))}</tr>`)}</tbody>
      </table>
    </div>
    ${file && html`<button type="button" class="outline small" onClick=${() => save(`${file}.csv`, csv(columns, rows))}>${t("csv")}</button>`}`;
}

const kindOf = ({ numeric, wide }) => (numeric ? "number" : wide ? "wide" : "");

function cell(column, row, place) {
  const shown = (column.show ?? column.value)(row);
  const kind = kindOf(column);
  return place ? html`<td class=${kind}>${shown}</td>` : html`<th scope="row" class=${kind}>${shown}</th>`;
}

/** Names and values, such as a decision's versions. */
export const Facts = ({ of }) => html`<dl class="facts">
  ${of.filter(Boolean).map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}
</dl>`;
