// The way to the next case.
import { html } from "../../frame/html.js";
import { get, path } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { session } from "../../signing_in/session.js";
import { Trouble } from "../../parts/notice.js";
import { nextCase } from "./next_case.js";
import { queuePath } from "./queue_pages.js";

export function NextCase({ after }) {
  const looking = useAsking(async () => {
    const found = await nextCase(openCases, caseOf, after, session.value.username, Date.now());
    if (found) go(link("decision", found.clientId, found.predictionId));
    return { found };
  });
  if (!may("POST /predictions/{clientId}/{predictionId}/review")) return null;
  return html`<div class="actions"><button type="button" class="secondary" onClick=${() => looking.run()} aria-busy=${looking.busy ? "true" : undefined}>${t("nextCase")}</button></div>
    ${looking.value && !looking.value.found && html`<p role="status">${t("noNextCase")} <a href=${link("queue")}>${t("page.queue")}</a></p>`}
    <${Trouble} problem=${looking.problem} />`;
}

const openCases = (cursor) => get(queuePath(cursor));

const caseOf = async ({ clientId, predictionId }) => (await get(path`/predictions/${clientId}/${predictionId}`)).case;
