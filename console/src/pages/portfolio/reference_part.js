// A model's probabilities of default in the period, beside those of its holdout.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { percent, plain, t } from "../../frame/language.js";
import { Facts } from "../../parts/table.js";
import { Plot } from "../../parts/plots/series.js";
import { beside } from "./reference.js";

export function ReferencePart({ of, models }) {
  const names = Object.keys(models);
  const chosen = useSignal(names.at(-1));
  const found = beside(of, chosen.value, models[chosen.value] ?? {}, percent);
  return html`<h2>${t("againstReference")}</h2>
    <div class="field"><label for="reference-model">${t("model")}</label>
      <select id="reference-model" onChange=${(event) => (chosen.value = event.currentTarget.value)}>${names.map((one) => html`<option value=${one} selected=${one === chosen.value}>${one}</option>`)}</select></div>
    ${!found && html`<p>${t("noReference")}</p>`}
    ${found && html`<${Facts} of=${[["PSI", plain(found.psi)], [t("decisions"), plain(found.count)]]} />
      <${Plot} title=${t("probabilities")} labels=${found.bins} bars=${true} show=${percent} file="against-reference"
        series=${[{ name: t("observed"), values: found.observed }, { name: t("holdout"), values: found.expected }]} />`}`;
}
