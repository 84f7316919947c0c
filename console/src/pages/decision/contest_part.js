// The applicant contests the decision: an analyst files it in the applicant's words.
import { html } from "../../frame/html.js";
import { ask, path } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { Labelled } from "../../parts/field.js";
import { Trouble } from "../../parts/notice.js";
import { errorOf } from "../../parts/typed_values.js";

export function ContestPart({ stored, onDone }) {
  const text = useDraft(`contest:${stored.predictionId}`, "");
  const filing = useAsking(async () => {
    await ask("POST", path`/predictions/${stored.clientId}/${stored.predictionId}/contest`, { text: text.value });
    text.value = "";
    onDone();
  });
  if (stored.contest || !may("POST /predictions/{clientId}/{predictionId}/contest")) return null;
  const send = (event) => {
    event.preventDefault();
    filing.run();
  };
  return html`<details class="unprinted"><summary>${t("fileContest")}</summary>
    <form noValidate onSubmit=${send}>
      <${Labelled} id="contest" label=${t("applicantsWords")} of="textarea" rows="4" wrong=${errorOf(filing.problem, "#/text")} value=${text.value} onInput=${(event) => (text.value = event.currentTarget.value)} />
      <${Trouble} problem=${filing.problem} />
      <div class="actions"><button type="submit" class="secondary" aria-busy=${filing.busy ? "true" : undefined}>${t("fileContest")}</button></div>
    </form></details>`;
}
