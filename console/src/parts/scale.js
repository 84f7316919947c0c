// A score on its scale: declined, left to a person, approved; and a second score beside it.
import { html } from "../frame/html.js";
import { plain, t } from "../frame/language.js";
import { extent, place } from "./scales.js";
import { useWidth } from "./plots/width.js";

const USUAL = 600; // pixels

export const ScoreScale = (all) => (Number.isFinite(all.score) ? html`<${Drawn} ...${all} />` : html`<p>${t("noScore")}</p>`);

function Drawn({ score, tried, cutOffs: { declineBelow, approveFrom } }) {
  const [figure, width] = useWidth(USUAL);
  const shown = [score, tried, declineBelow, approveFrom].filter((one) => Number.isFinite(one));
  const [low, high] = extent(shown);
  const x = (points) => place(points, low, high, width);
  const told = t("scaleTold", { score: plain(score), decline: plain(declineBelow), approve: plain(approveFrom) });
  return html`<figure class="scale" ref=${figure}>
    <svg viewBox="0 0 ${width} 74" role="img" aria-label=${told}>
      <rect class="decline" x="0" y="30" width=${x(declineBelow)} height="14" />
      <rect class="review" x=${x(declineBelow)} y="30" width=${x(approveFrom) - x(declineBelow)} height="14" />
      <rect class="approve" x=${x(approveFrom)} y="30" width=${width - x(approveFrom)} height="14" />
      <text x=${x(declineBelow)} y="62" text-anchor="end">${plain(declineBelow)}</text>
      <text x=${x(approveFrom)} y="62">${plain(approveFrom)}</text>
      ${mark(x(score), plain(score), "score", width)}
      ${Number.isFinite(tried) && tried !== score && mark(x(tried), plain(tried), "tried", width)}
    </svg>
    <figcaption>${told}${Number.isFinite(tried) && tried !== score ? ` ${t("scaleTried", { score: plain(tried) })}` : ""}</figcaption>
  </figure>`;
}

const mark = (x, text, kind, width) => html`<g class=${kind}>
  <line x1=${x} x2=${x} y1="22" y2="50" />
  <text x=${Math.min(Math.max(x, 20), width - 20)} y="16" text-anchor="middle">${text}</text>
</g>`;
