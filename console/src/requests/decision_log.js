// The bank's decisions of a period, the newest first, read page by page.
import { get } from "./api.js";

const FIELDS = "createdAt,decision,decisionBasis,score,probabilityOfDefault,models,offer";
export const MOST = 2000; // at first

/** Return a log of which nothing is read yet. */
export const unread = () => ({ decisions: [], next: "", isWhole: false });

/** Read on in a log until it is whole, has `most` decisions, or the signal stops it. After each page it
 * calls `tell`. Pages from before a stop or a lost network stay in the log. */
export async function readOn(log, filters, most = MOST, signal = undefined, tell = () => {}) {
  try {
    await readPages(log, filters, most, signal, tell);
  } catch (problem) {
    if (!signal?.aborted) throw problem;
  }
  return { decisions: [...log.decisions], isWhole: log.isWhole };
}

async function readPages(log, { from, to, decision, basis, segment }, most, signal, tell) {
  while (!log.isWhole && log.decisions.length < most && !signal?.aborted) {
    const cursor = log.next;
    const query = new URLSearchParams(Object.entries({ from, to, decision, basis, segment, cursor, limit: "100", fields: FIELDS }).filter(([, one]) => one));
    const page = await get(`/decisions?${query}`, signal);
    if (log.next !== cursor) continue; // another reading of this log has the page already
    log.decisions.push(...page.decisions);
    log.next = page.next;
    log.isWhole = !page.next;
    tell();
  }
}
