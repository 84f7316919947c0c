// The reading of a period's decisions: the newest at first, all of them if the person asks, until they stop it.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { day, plain, t } from "../../frame/language.js";
import { useAnswer } from "../../requests/asking.js";
import { MOST, readOn, unread } from "../../requests/decision_log.js";
import { Busy } from "../../parts/notice.js";

/** Return the answer to these filters as `useAnswer` does, with `readAll`, `stop`, and `last`, a signal of
 * how far it is: {count, day}. */
export function useReading(filters) {
  const last = useSignal({ count: 0 });
  const [held, turn] = [useRef(null), useRef(0)];
  const read = (most) => {
    if (held.current?.filters !== filters) held.current = { filters, log: unread(), most: MOST };
    const [mine, own] = [(turn.current += 1), held.current];
    own.most = most ?? own.most;
    const goesOn = () => {
      last.value = { count: own.log.decisions.length, day: own.log.decisions.at(-1)?.createdAt };
      return turn.current === mine;
    };
    return readOn(own.log, filters, own.most, goesOn);
  };
  const stop = () => {
    turn.current += 1;
    held.current.most = MOST;
  };
  const answer = useAnswer(read, [JSON.stringify(filters)]);
  return { ...answer, last, stop, readAll: () => answer.run(Infinity) };
}

export function Reading({ of: { busy, value, last, readAll, stop } }) {
  const isPart = value && !value.isWhole;
  return html`<${Busy} when=${busy} text=${t("reading", { count: plain(last.value.count), day: day(last.value.day) })} />
    ${isPart && !busy && html`<p role="status">${t("newestOnly", { count: plain(value.decisions.length) })}</p>`}
    ${isPart && html`<div class="actions"><button type="button" class="secondary" onClick=${busy ? stop : readAll}>${t(busy ? "stop" : "readAll")}</button></div>`}`;
}
