// A new analysis: the product's form, and the answer below it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { get, path, post, Problem } from "../../requests/api.js";
import { useAnswer, useKeptAsking } from "../../requests/asking.js";
import { draft, dropDraft, dropSent, keepDraft } from "../../signing_in/drafts.js";
import { language, t } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { link } from "../../frame/routes.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Said } from "../../parts/said.js";
import { Decided } from "../decision/decided.js";
import { ApplicationForm } from "./application_form.js";
import { body, blank, filledIn, misread, respoken } from "./application_draft.js";

const NAME = "analysis";

export function AnalysisPage() {
  const asking = useKeptAsking(NAME, answered);
  const typed = useSignal(draft(NAME) ?? asking.value?.typed ?? blank(product.value, language.value));
  const emptied = useSignal(null);
  const answer = useRef(null);
  const last = useRef(asking.value);
  const change = (next) => {
    // Another application is another request: its key is new.
    typed.value = { ...next, key: crypto.randomUUID() };
    emptied.value = null;
    keepDraft(NAME, typed.value);
  };
  const choose = (example) => {
    change(filledIn(product.value, example, language.value));
    if (asking.problem) asking.settle(asking.value); // it was about the other application
  };
  const send = () => asking.run(typed.value);
  const empty = () => {
    emptied.value ??= { typed: typed.value, draft: draft(NAME), answer: asking.value };
    typed.value = blank(product.value, language.value);
    dropDraft(NAME);
    asking.settle();
  };
  const bringBack = () => {
    const { value } = emptied;
    typed.value = value.typed;
    if (value.draft) keepDraft(NAME, value.draft);
    asking.settle((last.current = value.answer));
    emptied.value = null;
    document.querySelector("#field-clientId").focus(); // its button is gone
  };
  const kept = asking.value;
  useEffect(() => {
    if (typed.value.language !== language.value) typed.value = respoken(product.value, typed.value, language.value);
  }, [language.value]);
  useEffect(() => {
    if (asking.value !== last.current) answer.current?.querySelector("h2")?.focus();
    last.current = asking.value;
  }, [asking.value]);
  return html`<${Titled} title=${t("page.analysis")}>
    <${Examples} onChoose=${choose} />
    <${ApplicationForm} typed=${typed.value} problem=${asking.problem} busy=${asking.busy} onChange=${change} onSend=${send}>
      <button type="button" class="secondary apart" onClick=${empty}>${t("emptyForm")}</button>
      ${emptied.value && html`<button type="button" class="secondary" onClick=${bringBack}>${t("bringBack")}</button>`}
    <//>
    <${Busy} when=${asking.busy} text=${t("analysing")} />
    <${Trouble} problem=${asking.problem} again=${asking.problem?.errors?.length ? null : send} />
    <section ref=${answer} aria-live="polite">${kept && html`<${Answer} key=${kept.typed.key} of=${kept} isOfThis=${kept.typed.key === typed.value.key} />`}</section>
  <//>`;
}

/** Send an application. Its draft goes, unless another was typed since. */
async function answered(typed) {
  requireRead(misread(product.value, typed, language.value), typed.texts);
  const decided = await post("/predict", body(product.value, typed, language.value), typed.key);
  dropSent(NAME, (one) => one.key === typed.key);
  return { typed, decided };
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

const Examples = ({ onChoose }) => html`<div class="actions">
  ${product.value.examples.map((one, place) => html`<button type="button" class="secondary" onClick=${() => onChoose(one)}>
    ${t("fillExample", { number: place + 1 })}</button>`)}
</div>`;
