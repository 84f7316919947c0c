// Proof key for code exchange: https://www.rfc-editor.org/rfc/rfc7636
const encoded = (bytes) =>
  btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

/** Return a text that nobody can guess. */
export const secret = () => encoded(crypto.getRandomValues(new Uint8Array(48)));

/** Return the challenge of a verifier (S256). */
export async function challenge(verifier) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  return encoded(new Uint8Array(digest));
}

/** Return the claims of a token. The API verifies it; the page only reads whose it is. */
export function claims(token) {
  const part = token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/");
  const bytes = Uint8Array.from(atob(part), (one) => one.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}
