// The way to the next case.
import { html } from "../../frame/html.js";
import { get } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { session } from "../../signing_in/session.js";
import { Trouble } from "../../parts/notice.js";
import { nextCase } from "./next_case.js";

export function NextCase({ after }) {
  const looking = useAsking(async () => {
    const { reviews } = await get("/reviews?state=open&limit=50");
    const found = nextCase(reviews, after, session.value.username, Date.now());
    go(found ? link("decision", found.clientId, found.predictionId) : link("queue"));
  });
  if (!may("POST /predictions/{clientId}/{predictionId}/review")) return null;
  return html`<div class="actions"><button type="button" class="secondary" onClick=${() => looking.run()} aria-busy=${looking.busy ? "true" : undefined}>${t("nextCase")}</button></div>
    <${Trouble} problem=${looking.problem} />`;
}
