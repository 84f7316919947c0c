// The bank's decisions of a period, the newest first, read page by page.
import { get } from "./api.js";

const FIELDS = "createdAt,decision,decisionBasis,score,probabilityOfDefault,models,offer";
export const MOST = 2000; // at first

/** Return a log of which nothing is read yet. */
export const unread = () => ({ decisions: [], next: "", isWhole: false });

/** Read on in a log until it is whole or has `most` decisions. Before each page `goesOn` may say no; what
 * was read before a lost network stays in the log. */
export async function readOn(log, { from, to, decision, basis, segment }, most = MOST, goesOn = () => true) {
  while (!log.isWhole && log.decisions.length < most && goesOn()) {
    const cursor = log.next;
    const query = new URLSearchParams(Object.entries({ from, to, decision, basis, segment, cursor, limit: "100", fields: FIELDS }).filter(([, one]) => one));
    const page = await get(`/decisions?${query}`);
    if (log.next !== cursor) continue; // another reading of this log has the page already
    log.decisions.push(...page.decisions);
    log.next = page.next;
    log.isWhole = !page.next;
  }
  return { decisions: [...log.decisions], isWhole: log.isWhole };
}
