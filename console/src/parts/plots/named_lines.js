// Lines of one kind in their order, such as vintages: the later, the darker. One of them stands out, by
// choice or under the pointer.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { t } from "../../frame/language.js";
import { apart, dotPath, leaderPath, linePath, named } from "./plot_paths.js";

const LIGHTEST = 0.7; // share of the colour: its contrast with the page is 3:1, as WCAG 1.4.11 asks

/** The choice of the line that stands out, with its last value. */
export function Chooser({ id, series, labels, show, chosen }) {
  const one = series.find(({ name }) => name === chosen.value);
  const last = one?.values.findLastIndex(Number.isFinite);
  return html`<div class="field"><label for=${id}>${t("highlighted")}</label>
    <select id=${id} onChange=${(event) => (chosen.value = event.currentTarget.value)}><option value="">${t("none")}</option>
      ${series.map(({ name }) => html`<option value=${name} selected=${name === chosen.value}>${name}</option>`)}</select>
    <output for=${id}>${one && t("atAge", { name: one.name, value: show(one.values[last]), age: labels[last] })}</output></div>`;
}

export function NamedLines({ series, x, y, right, bottom, gap, chosen }) {
  const pointed = useSignal("");
  const shown = series.find(({ name }) => name === (pointed.value || chosen.value));
  const dark = (place) => LIGHTEST + (1 - LIGHTEST) * ((place + 1) / series.length);
  const drawn = ({ values }, kind, opacity) => html`<path class=${kind} d=${linePath(values, x, y)} stroke-opacity=${opacity} /><path class=${`dot ${kind}`} d=${dotPath(values, x, y)} stroke-opacity=${opacity} />`;
  const point = (name) => () => (pointed.value = name);
  const choose = (name) => () => (chosen.value = name === chosen.value ? "" : name); // a finger points at nothing
  return html`${names(series, x, y, { right, bottom, gap }, shown)}
    ${series.map((one, place) => drawn(one, "", dark(place)))}
    ${shown && drawn(shown, "chosen")}
    ${series.map(({ name, values }) => html`<path class="hit" d=${linePath(values, x, y)} onPointerEnter=${point(name)} onPointerLeave=${point("")} onClick=${choose(name)}><title>${name}</title></path>`)}`;
}

function names(series, x, y, { right, bottom, gap }, shown) {
  const ends = series.map((one) => ({ one, at: one.values.findLastIndex(Number.isFinite) })).filter((one) => one.at >= 0);
  const isNamed = new Set(named(ends.length, Math.floor(bottom / gap), ends.findIndex(({ one }) => one === shown)));
  const found = ends.filter((_, at) => isNamed.has(at)).map(({ one, at }) => ({ one, x: x(at), y: y(one.values[at]) }));
  const places = apart(found.map((one) => one.y), gap, bottom);
  return found.map(({ one, ...end }, at) => html`<path class=${`leader ${one === shown ? "chosen" : ""}`} d=${leaderPath(end, right, places[at])} />
    <text class=${`end ${one === shown ? "chosen" : ""}`} x=${right + 26} y=${places[at] + 4}>${one.name}</text>`);
}
