// What the API says, in the words of the page: titles of fields, and times as people read them. Pure.
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d[\d:.]*(?:Z|[+-]\d\d:\d\d)/g;

/** Return a problem's detail with its fields by their titles, and its times by `time`. */
export function inPlainWords({ detail, errors = [] }, titleOf, time) {
  const names = errors.map((one) => `${one.field}`);
  const titles = names.map((one) => titleOf(one.replace(/^application\./, "")));
  const told = names.length ? detail.replace(`: ${names.join(", ")}.`, () => `: ${titles.join(", ")}.`) : detail;
  return told.replace(TIME, (found) => time(found));
}
