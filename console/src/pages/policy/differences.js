// What differs between two documents. Pure.
const isObject = (one) => one !== null && typeof one === "object" && !Array.isArray(one);

/** Return {name, before, after} of each value that differs; a name is the path to it: "decision.approve_from". */
export function differences(before = {}, after = {}, under = "") {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const [old, now] = [before[name], after[name]];
    if (isObject(old) && isObject(now)) return differences(old, now, `${under}${name}.`);
    return JSON.stringify(old) === JSON.stringify(now) ? [] : [{ name: `${under}${name}`, before: old, after: now }];
  });
}
