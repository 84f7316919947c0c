// The applicant contests the decision: an analyst files it in the applicant's words.
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { ask, path } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { draft, dropDraft, keepDraft } from "../../signing_in/drafts.js";
import { t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { Trouble } from "../../parts/notice.js";
import { errorOf } from "../../parts/typed_values.js";

export function ContestPart({ stored, onDone }) {
  const name = `contest:${stored.predictionId}`;
  const text = useSignal(draft(name) ?? "");
  const filing = useAsking(async () => {
    await ask("POST", path`/predictions/${stored.clientId}/${stored.predictionId}/contest`, { text: text.value });
    dropDraft(name);
    onDone();
  });
  if (stored.contest || !may("POST /predictions/{clientId}/{predictionId}/contest")) return null;
  const typed = (event) => {
    text.value = event.currentTarget.value;
    keepDraft(name, text.value);
  };
  const send = (event) => {
    event.preventDefault();
    filing.run();
  };
  const wrong = errorOf(filing.problem, "#/text");
  return html`<details class="unprinted"><summary>${t("fileContest")}</summary>
    <form noValidate onSubmit=${send}>
      <label for="contest">${t("applicantsWords")}</label>
      <textarea id="contest" rows="4" value=${text.value} onInput=${typed} aria-invalid=${wrong ? "true" : undefined} aria-describedby="contest-error"></textarea>
      <small id="contest-error" class="error">${wrong}</small>
      <${Trouble} problem=${filing.problem} />
      <div class="actions"><button type="submit" class="secondary" aria-busy=${filing.busy ? "true" : undefined}>${t("fileContest")}</button></div>
    </form></details>`;
}
