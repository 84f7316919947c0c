// What a person typed and has not sent: it outlives a lost network, a reload and a sign-in, in this
// tab alone. It goes when it is sent, at sign-out, and when another person signs in.
const PREFIX = "draft:";

let owner = null;

const kept = (key) => JSON.parse(sessionStorage.getItem(key) ?? "null");

/** Keep drafts for the person who signed in, and forget those of others. */
export function belongTo(person) {
  owner = person;
  forgetDrafts((one) => one.by !== person);
}

export const draft = (name) => kept(PREFIX + name)?.value ?? null;

export function keepDraft(name, value) {
  sessionStorage.setItem(PREFIX + name, JSON.stringify({ by: owner, value }));
}

export const dropDraft = (name) => sessionStorage.removeItem(PREFIX + name);

/** Drop a draft if it is the one that was sent: another may have been typed since. */
export const dropSent = (name, isSent) => draft(name) && isSent(draft(name)) && dropDraft(name);

export function forgetDrafts(which = () => true) {
  const keys = Object.keys(sessionStorage).filter((one) => one.startsWith(PREFIX));
  keys.filter((one) => which(kept(one))).forEach((one) => sessionStorage.removeItem(one));
}
