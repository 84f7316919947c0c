// A plot of series over labels: lines or bars, with its table and its CSV.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { exact, percent, plain, t } from "../../frame/language.js";
import { Table } from "../table.js";
import { Chooser, NamedLines } from "./named_lines.js";
import { digits, dotPath, linePath, ticks } from "./plot_paths.js";
import { useWidth } from "./width.js";

const USUAL = 600; // pixels
const [HEIGHT, TALL] = [220, 320]; // names of lines need room
const WIDEST = 60; // of a bar
const [LEFT, BOTTOM, TOP] = [52, 24, 10];
const [RIGHT, GAP] = [84, 13]; // of names, and how far apart

/** `series` are {name, values}, of which a null leaves a gap; `show` writes a value. `interval` has
 * {low, high} of the last series at each label. With `ends`, the lines are
 * of one kind and in order: each may stand out, and has its name at its end where there is room. `marks`
 * are {name, place}: upright lines at a place among the labels, which may be between two. */
export function Plot({ interval = [], ...all }) {
  const known = [...all.series.flatMap((one) => one.values), ...interval.map((one) => one.high)].filter(Number.isFinite);
  return known.length ? html`<${Drawn} ...${all} interval=${interval} known=${known} />` : html`<div><h3>${all.title}</h3><p>${t("nothing")}</p></div>`;
}

function Drawn({ title, labels, series, bars = false, show = plain, file, interval, marks: uprights = [], ends = false, known }) {
  const [place, width] = useWidth(USUAL);
  const [chosen, height] = [useSignal(""), ends ? TALL : HEIGHT];
  const marks = ticks(Math.min(0, ...known), Math.max(...known));
  const [low, high] = [marks[0], marks.at(-1)];
  const y = (value) => TOP + (height - TOP - BOTTOM) * (1 - (value - low) / (high - low || 1));
  const slot = (width - LEFT - (ends ? RIGHT : 0)) / labels.length;
  const x = (place) => LEFT + slot * (place + 0.5);
  const [scale, style] = show === percent ? [100, "percent"] : [1];
  const decimals = digits(marks.map((one) => one * scale));
  const columns = [
    { name: t("label"), value: ([label]) => label },
    ...series.map((one, at) => ({ name: one.name, value: ([, values]) => values[at], show: ([, values]) => show(values[at]), numeric: true })),
    ...(interval.length ? ["low", "high"] : []).map((end) => ({ name: t(end), value: ([, , of]) => of[end], show: ([, , of]) => show(of[end]), numeric: true })),
  ];
  const rows = labels.map((label, place) => [label, series.map((one) => one.values[place]), interval[place]]);
  return html`<figure class="plot" ref=${place}>
    <figcaption><strong>${title}</strong>${series.length > 1 && !ends && html` · ${series.map((one, at) => `${at ? "╌ " : "— "}${one.name}`).join("  ")}`}</figcaption>
    ${ends && html`<${Chooser} id=${`${file}-line`} series=${series} labels=${labels} show=${show} chosen=${chosen} />`}
    <svg viewBox="0 0 ${width} ${height}" role="img" aria-label=${title}>
      ${marks.map((mark) => html`<line class="axis" x1=${LEFT} x2=${width} y1=${y(mark)} y2=${y(mark)} /><text x=${LEFT - 6} y=${y(mark) + 4} text-anchor="end">${exact(mark, decimals, style)}</text>`)}
      <text x=${LEFT} y=${height - 6}>${labels[0]}</text>
      ${labels.length > 1 && html`<text x=${LEFT + slot * labels.length} y=${height - 6} text-anchor="end">${labels.at(-1)}</text>`}
      ${ends ? html`<${NamedLines} series=${series} x=${x} y=${y} right=${width - RIGHT} bottom=${height - BOTTOM} gap=${GAP} chosen=${chosen} />`
        : series.map((one, at) => bars && at === 0 ? one.values.map((value, place) => bar(x(place), slot, y(value ?? 0), y(0)))
        : html`<path class=${kindOf(at)} d=${linePath(one.values, x, y)} /><path class=${`dot ${kindOf(at)}`} d=${dotPath(one.values, x, y)} />`)}
      ${interval.map(({ low: from, high: to }, place) => Number.isFinite(from) && html`<line class="interval" x1=${x(place)} x2=${x(place)} y1=${y(from)} y2=${y(to)} />`)}
      ${uprights.filter(({ place }) => place >= 0 && place < labels.length).map(({ name, place }, at) => html`<line class="upright" x1=${x(place)} x2=${x(place)} y1=${TOP} y2=${y(low)} />
        <text x=${x(place) + 4} y=${TOP + 12 + GAP * at}>${name}</text>`)}
    </svg>
    <details><summary>${t("asTable")}</summary><${Table} caption=${title} columns=${columns} rows=${rows} file=${file} /></details>
  </figure>`;
}

const kindOf = (at) => (at ? "second" : "");

const bar = (x, slot, top, zero) => html`<rect class="whole" x=${x - broad(slot) / 2} width=${broad(slot)} y=${Math.min(top, zero)} height=${Math.abs(zero - top)} />`;

const broad = (slot) => Math.min(slot * 0.8, WIDEST);
