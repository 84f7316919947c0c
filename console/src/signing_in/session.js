// The session: tokens are in memory only, and gone with the page.
import { signal } from "@preact/signals";
import { signInPlace } from "./place.js";
import { challenge, claims, secret } from "./pkce.js";
import { belongTo, forgetDrafts } from "./drafts.js";

const STARTED = "sign-in"; // of sessionStorage: verifier, state and the page that was asked for
const ELSEWHERE = "sign-in"; // of the query: the button was pressed at another address
const EARLY_SECONDS = 60;

/** {idToken, refreshToken, expiresAt, username}, or null. */
export const session = signal(null);
/** Why there is no session, as a key of the texts; empty if nobody has tried. */
export const refusal = signal("");

function keep(tokens, refreshToken) {
  const { exp, sub, "cognito:username": username } = claims(tokens.id_token);
  belongTo(sub);
  session.value = { idToken: tokens.id_token, refreshToken, expiresAt: exp * 1000, username };
  refusal.value = "";
}

async function exchange(form) {
  const body = new URLSearchParams({ client_id: signInPlace.clientId, ...form });
  const answer = await fetch(`${signInPlace.authority}/oauth2/token`, { method: "POST", body });
  if (!answer.ok) throw new Error(`token endpoint: ${answer.status}`);
  return answer.json();
}

/** Go to the user pool's page. The console's own address is the only one that it leads back to. */
export async function signIn() {
  if (location.origin + location.pathname !== signInPlace.address) {
    location.assign(`${signInPlace.address}?${ELSEWHERE}${location.hash}`);
    return;
  }
  const started = { verifier: secret(), state: secret(), hash: location.hash };
  sessionStorage.setItem(STARTED, JSON.stringify(started));
  const query = new URLSearchParams({
    response_type: "code",
    client_id: signInPlace.clientId,
    redirect_uri: signInPlace.address,
    scope: "openid",
    state: started.state,
    code_challenge: await challenge(started.verifier),
    code_challenge_method: "S256",
  });
  location.assign(`${signInPlace.authority}/oauth2/authorize?${query}`);
}

/** Exchange the code that the user pool sent along, if there is one. */
export async function comeBack() {
  const query = new URLSearchParams(location.search);
  if (query.has(ELSEWHERE) && signInPlace) {
    history.replaceState(null, "", location.pathname + location.hash);
    await signIn();
  }
  if (!query.has("state")) return;
  const started = JSON.parse(sessionStorage.getItem(STARTED) ?? "{}");
  sessionStorage.removeItem(STARTED);
  history.replaceState(null, "", location.pathname + (started.hash ?? ""));
  const code = query.get("code");
  if (!code || query.get("state") !== started.state) {
    refusal.value = "signInRefused";
    return;
  }
  try {
    const form = { grant_type: "authorization_code", code, redirect_uri: signInPlace.address };
    const tokens = await exchange({ ...form, code_verifier: started.verifier });
    keep(tokens, tokens.refresh_token);
  } catch {
    refusal.value = "signInRefused";
  }
}

let renewing = null;

/** Return the ID token, renewed if it ends soon; null once the person must sign in again. */
export async function token() {
  const held = session.value;
  if (held && held.expiresAt - Date.now() < EARLY_SECONDS * 1000) {
    renewing ??= renew(held).finally(() => (renewing = null));
    await renewing;
  }
  return session.value?.idToken ?? null;
}

async function renew(held) {
  if (!held.refreshToken) return expire();
  try {
    const form = { grant_type: "refresh_token", refresh_token: held.refreshToken };
    keep(await exchange(form), held.refreshToken);
  } catch (fault) {
    if (!(fault instanceof TypeError)) expire(); // a lost network ends no session
  }
}

/** End the session because its tokens are over; what was typed stays. */
export function expire() {
  session.value = null;
  refusal.value = "signInExpired";
}

/** End the session here and at the user pool. */
export function signOut() {
  session.value = null;
  forgetDrafts();
  const query = new URLSearchParams({
    client_id: signInPlace.clientId,
    logout_uri: signInPlace.address,
  });
  location.assign(`${signInPlace.authority}/logout?${query}`);
}
