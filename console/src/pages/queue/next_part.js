// The way to the next case.
import { useEffect, useRef } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { html } from "../../frame/html.js";
import { get } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { useStoppable } from "../../requests/stoppable.js";
import { plain, t } from "../../frame/language.js";
import { may } from "../../frame/product.js";
import { go } from "../../frame/router.js";
import { link } from "../../frame/routes.js";
import { session } from "../../signing_in/session.js";
import { Trouble } from "../../parts/notice.js";
import { mayDecide } from "./case_look_up.js";
import { isFree, nextCase, placeOf } from "./next_case.js";
import { queuePath } from "./queue_pages.js";

const PATIENCE_MS = 500;
const MOST = 100; // cases of a page
let left = ""; // the place of the open case that was shown last: once it is decided, no list has it

/** `decided` is the decision that is shown, with its case while it is open. */
export function NextCase({ decided }) {
  if (decided.case) left = placeOf(decided.case);
  const { looking, looked, stop } = useLooking(decided.predictionId);
  const button = useRef(null);
  const halt = () => {
    stop();
    button.current.focus(); // the button to stop goes
  };
  if (!may("POST /predictions/{clientId}/{predictionId}/review")) return null;
  return html`<div class="actions">
      <button type="button" ref=${button} class="secondary" onClick=${() => looking.run()} aria-busy=${looking.busy ? "true" : undefined}>${t("nextCase")}</button>
      ${looked.value.isLong && html`<button type="button" class="secondary" onClick=${halt}>${t("stop")}</button>`}
    </div>
    <p role="status">${said(looking, looked.value)}</p>
    <${Trouble} problem=${looking.problem} />`;
}

function said({ value }, { isLong, count }) {
  if (isLong) return t("lookingForCase", { count: plain(count) });
  if (value?.isStopped) return t("lookingStopped", { count: plain(count) });
  return value && html`${t("noNextCase")} <a href=${link("queue")}>${t("page.queue")}</a>`;
}

/** Return the look-up of the next case, which goes to it, and how far it is. */
function useLooking(shown) {
  const looked = useSignal({ count: 0, isLong: false });
  const { begin, stop } = useStoppable();
  const looking = useAsking(async () => {
    const signal = begin();
    looked.value = { count: 0, isLong: false };
    const found = await stoppedOr(signal, nextCase(
      (cursor) => get(queuePath(cursor, MOST), signal),
      (one) => {
        looked.value = { ...looked.value, count: looked.value.count + 1 };
        return mayDecide(one, signal);
      },
      left,
      (one) => one.predictionId !== shown && isFree(one, session.value.username, Date.now()),
    ));
    if (signal.aborted) return { isStopped: true };
    if (found) go(link("decision", found.clientId, found.predictionId));
    return found ? null : {};
  });
  useEffect(() => {
    const timer = looking.busy && setTimeout(() => (looked.value = { ...looked.value, isLong: true }), PATIENCE_MS);
    return () => {
      clearTimeout(timer);
      looked.value = { ...looked.value, isLong: false };
    };
  }, [looking.busy]);
  return { looking, looked, stop };
}

const stoppedOr = (signal, found) => found.catch((problem) => {
  if (!signal.aborted) throw problem;
});
