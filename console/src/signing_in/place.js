// Where the page is, and where people sign in, as the server wrote it into the page.
const written = document.querySelector('meta[name="sign-in"]')?.content;

/** {authority, clientId, address}, or null if the stage has no sign-in for the console. */
export const signInPlace = written ? JSON.parse(written) : null;

/** The API's address: API Gateway puts its stage before each path. */
export const base = location.origin + location.pathname;
