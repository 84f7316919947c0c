// A new analysis: the product's form, and the answer below it.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { post } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { draft, dropDraft, keepDraft } from "../../signing_in/drafts.js";
import { t } from "../../frame/language.js";
import { product } from "../../frame/product.js";
import { Titled } from "../../frame/shell.js";
import { Busy, Trouble } from "../../parts/notice.js";
import { Decided } from "../decision/decided.js";
import { ApplicationForm } from "./application_form.js";
import { body, blank, filledIn } from "./application_draft.js";

const NAME = "analysis";

export function AnalysisPage() {
  const typed = useSignal(draft(NAME) ?? blank(product.value));
  const answer = useRef(null);
  const change = (next) => {
    // Another application is another request: its key is new.
    typed.value = { ...next, key: crypto.randomUUID() };
    keepDraft(NAME, typed.value);
  };
  const asking = useAsking(async () => {
    const decided = await post("/predict", body(product.value, typed.value), typed.value.key);
    dropDraft(NAME);
    return decided;
  });
  useEffect(() => {
    if (asking.value && !asking.busy) answer.current?.querySelector("h2")?.focus();
  }, [asking.value]);
  return html`<${Titled} title=${t("page.analysis")}>
    <${Examples} onChoose=${(example) => change(filledIn(product.value, example))} />
    <${ApplicationForm} typed=${typed.value} problem=${asking.problem} busy=${asking.busy} onChange=${change} onSend=${asking.run} />
    <${Busy} when=${asking.busy} text=${t("analysing")} />
    <${Trouble} problem=${asking.problem} again=${asking.problem?.errors?.length ? null : asking.run} />
    <section ref=${answer} aria-live="polite">${asking.value && html`<${Decided} key=${asking.value.predictionId} decided=${asking.value} />`}</section>
  <//>`;
}

const Examples = ({ onChoose }) => html`<div class="actions">
  ${product.value.examples.map((one, place) => html`<button type="button" class="secondary" onClick=${() => onChoose(one)}>
    ${t("fillExample", { number: place + 1 })}</button>`)}
</div>`;
