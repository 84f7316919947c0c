// What a person typed and has not sent: it outlives a lost network, a reload and a sign-in, in this
// tab alone, and goes when it is sent and at sign-out.
const PREFIX = "draft:";

export const draft = (name) => JSON.parse(sessionStorage.getItem(PREFIX + name) ?? "null");

export function keepDraft(name, value) {
  sessionStorage.setItem(PREFIX + name, JSON.stringify(value));
}

export const dropDraft = (name) => sessionStorage.removeItem(PREFIX + name);

export function forgetDrafts() {
  Object.keys(sessionStorage).filter((one) => one.startsWith(PREFIX)).forEach((one) => sessionStorage.removeItem(one));
}
