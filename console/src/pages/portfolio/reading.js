// The reading of a period's decisions: the newest at first, all of them if the person asks, until they stop it.
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { html } from "../../frame/html.js";
import { day, plain, t } from "../../frame/language.js";
import { useAnswer } from "../../requests/asking.js";
import { MOST, readOn, unread } from "../../requests/decision_log.js";
import { useStoppable } from "../../requests/stoppable.js";
import { Busy } from "../../parts/notice.js";

/** Return the answer to these filters as `useAnswer` does, with `readAll`, `stop`, and `last`, a signal of
 * how far it is: {count, day}. It ends when the person leaves. */
export function useReading(filters) {
  const last = useSignal({ count: 0 });
  const held = useRef(null);
  const { begin, stop: end } = useStoppable();
  const read = async (most) => {
    if (held.current?.filters !== filters) held.current = { filters, log: unread(), most: MOST, isStopped: false };
    const [signal, own] = [begin(), held.current];
    if (most) Object.assign(own, { most, isStopped: false });
    const tell = () => {
      if (!signal.aborted) last.value = { count: own.log.decisions.length, day: own.log.decisions.at(-1)?.createdAt };
    };
    tell();
    const found = await readOn(own.log, filters, own.most, signal, tell);
    return { ...found, isStopped: own.isStopped };
  };
  const stop = () => {
    Object.assign(held.current, { most: held.current.log.decisions.length, isStopped: true });
    end();
  };
  const answer = useAnswer(read, [JSON.stringify(filters)]);
  return { ...answer, last, stop, readAll: () => answer.run(Infinity) };
}

export function Reading({ of: { busy, value, last, readAll, stop } }) {
  const isPart = value && !value.isWhole;
  return html`<${Busy} when=${busy} text=${far("reading", last.value)} />
    ${isPart && !busy && html`<p role="status">${shown(value)}</p>`}
    ${(busy || isPart) && html`<div class="actions"><button type="button" class="secondary" onClick=${busy ? stop : readAll}>${t(busy ? "stop" : "readAll")}</button></div>`}`;
}

const far = (key, { count, day: at }) => (count ? t(key, { count: plain(count), day: day(at) }) : t(`${key}None`));

const shown = ({ decisions, isStopped }) =>
  isStopped ? far("stoppedAt", { count: decisions.length, day: decisions.at(-1)?.createdAt }) : t("newestOnly", { count: plain(decisions.length) });
