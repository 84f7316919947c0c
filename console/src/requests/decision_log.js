// The bank's decisions of a period, read page by page; `told` hears how many there are so far.
import { get } from "./api.js";

const FIELDS = "createdAt,decision,decisionBasis,score,probabilityOfDefault,models,offer";
export const MOST = 2000;

export async function decisionLog({ from, to, decision, basis, segment }, told = () => {}) {
  const found = [];
  let cursor = "";
  do {
    const query = new URLSearchParams(Object.entries({ from, to, decision, basis, segment, cursor, limit: "100", fields: FIELDS }).filter(([, one]) => one));
    const page = await get(`/decisions?${query}`);
    found.push(...page.decisions);
    cursor = page.next;
    told(found.length);
  } while (cursor && found.length < MOST);
  return { decisions: found, isWhole: !cursor };
}
