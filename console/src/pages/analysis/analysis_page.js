// A new analysis: the product's form, and the answer below it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { get, path, post, Problem } from "../../requests/api.js";
import { useAnswer, useAsking } from "../../requests/asking.js";
import { draft, dropDraft, keepDraft } from "../../signing_in/drafts.js";
import { language, t } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { link } from "../../frame/routes.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { Decided } from "../decision/decided.js";
import { ApplicationForm } from "./application_form.js";
import { keepAnswer, keptAnswer } from "./kept_answer.js";
import { body, blank, filledIn, misread, respoken } from "./application_draft.js";

const NAME = "analysis";

export function AnalysisPage() {
  const typed = useSignal(draft(NAME) ?? keptAnswer()?.typed ?? blank(product.value, language.value));
  const answer = useRef(null);
  const change = (next) => {
    // Another application is another request: its key is new.
    typed.value = { ...next, key: crypto.randomUUID() };
    keepDraft(NAME, typed.value);
  };
  const asking = useAsking(async () => {
    const sent = typed.value;
    requireRead(misread(product.value, sent, language.value), sent.texts);
    const decided = await post("/predict", body(product.value, sent, language.value), sent.key);
    if (typed.value.key === sent.key) dropDraft(NAME);
    keepAnswer({ typed: sent, decided });
    return decided;
  });
  const empty = () => {
    typed.value = blank(product.value, language.value);
    dropDraft(NAME);
    keepAnswer(null);
  };
  const kept = keptAnswer();
  useEffect(() => {
    if (typed.value.language !== language.value) typed.value = respoken(product.value, typed.value, language.value);
  }, [language.value]);
  useEffect(() => {
    if (asking.value && !asking.busy) answer.current?.querySelector("h2")?.focus();
  }, [asking.value]);
  return html`<${Titled} title=${t("page.analysis")}>
    <${Examples} onChoose=${(example) => change(filledIn(product.value, example, language.value))} onEmpty=${empty} />
    <${ApplicationForm} typed=${typed.value} problem=${asking.problem} busy=${asking.busy} onChange=${change} onSend=${asking.run} />
    <${Busy} when=${asking.busy} text=${t("analysing")} />
    <${Trouble} problem=${asking.problem} again=${asking.problem?.errors?.length ? null : asking.run} />
    <section ref=${answer} aria-live="polite">${kept && html`<${Answer} key=${kept.typed.key} of=${kept} isOfThis=${kept.typed.key === typed.value.key} />`}</section>
  <//>`;
}

function requireRead(fields, texts) {
  const error = ({ name }) => ({ pointer: `#/application/${name}`, key: "notANumber", values: { text: texts[name] } });
  if (fields.length) throw new Problem({ title: t("checkNumbers"), errors: fields.map(error) });
}

/** A decision; once its application was changed in the form, the way to it alone. */
function Answer({ of: { decided }, isOfThis }) {
  const { clientId, predictionId } = decided;
  const spoken = useAnswer(() => (language.value === decided.language ? decided : get(path`/predictions/${clientId}/${predictionId}`)), []);
  return isOfThis
    ? html`<${Decided} decided=${spoken.value ?? decided} />`
    : html`<p><a href=${link("decision", clientId, predictionId)}>${t("openDecision")}</a> · <${Said} text=${clientId} /></p>`;
}

const Examples = ({ onChoose, onEmpty }) => html`<div class="actions">
  ${product.value.examples.map((one, place) => html`<button type="button" class="secondary" onClick=${() => onChoose(one)}>
    ${t("fillExample", { number: place + 1 })}</button>`)}
  <button type="button" class="secondary" onClick=${onEmpty}>${t("emptyForm")}</button>
</div>`;
