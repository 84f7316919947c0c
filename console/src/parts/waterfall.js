// A waterfall from the population's average to a score. It is a table: each row has its bar.
import { html } from "../frame/html.js";
import { plain, signed, t } from "../frame/language.js";
import { extent, place, steps } from "./scales.js";
import { Said } from "./said.js";

const WIDTH = 300;
const MOST = 10;

export function Waterfall({ average, contributions, score }) {
  const all = steps(average, contributions, score, MOST, t("otherFeatures"));
  const [low, high] = extent([average, score, ...all.map((one) => one.to)]);
  const x = (points) => place(points, low, high, WIDTH);
  return html`<div class="scrolls" role="region" aria-label=${t("waterfall")} tabindex="0">
    <table class="waterfall">
      <caption>${t("waterfallTold", { average: plain(Math.round(average)), score: plain(score) })}</caption>
      <thead><tr><th scope="col">${t("feature")}</th><th scope="col" aria-hidden="true"></th><th scope="col" class="number">${t("points")}</th></tr></thead>
      <tbody>
        ${row(t("average"), Math.round(average), [x(low), x(average)], "whole")}
        ${all.map((one) => row(one.name, signed(one.points), [x(one.from), x(one.to)], one.points < 0 ? "worse" : "better"))}
        ${row(t("score"), plain(score), [x(low), x(score)], "whole")}
      </tbody>
    </table>
  </div>`;
}

const row = (name, points, [from, to], kind) => html`<tr>
  <th scope="row"><${Said} text=${name} /></th>
  <td class="bar" aria-hidden="true"><svg viewBox="0 0 ${WIDTH} 16" preserveAspectRatio="none">
    <rect class=${kind} x=${Math.min(from, to)} y="2" width=${Math.max(Math.abs(to - from), 1.5)} height="12" />
  </svg></td>
  <td class="number">${points}</td>
</tr>`;
