// The frame of every page: navigation by what the person may do, language, sign-out, title, focus.
import { useEffect, useRef } from "preact/hooks";
import { html } from "./html.js";
import { keepFocus } from "./kept_focus.js";
import { language, speak, t } from "./language.js";
import { link } from "./routes.js";
import { may, askForProduct, product, productProblem } from "./product.js";
import { pages } from "../pages/pages.js";
import { refusal, session, signIn, signOut } from "../signing_in/session.js";
import { route } from "./router.js";
import { signInPlace } from "../signing_in/place.js";
import { Busy, Trouble } from "../parts/notice.js";

const offered = () => pages.filter((one) => one.may.some(may));

/** Return the page of the address; the first that is offered if it names none. */
function current() {
  const named = pages.find((one) => one.name === route.value.page);
  return named?.may.some(may) ? named : named ? null : offered()[0];
}

export function Shell() {
  const main = useRef(null);
  useEffect(() => void (document.documentElement.lang = language.value), [language.value]);
  useEffect(() => keepFocus(main.current), []);
  return html`
    <a class="skip" href="#main" onClick=${toMain}>${t("skip")}</a>
    <header><nav aria-label=${t("pages")}>
      <ul><li><strong>AppVengers</strong></li>
        ${product.value && offered().filter((one) => one.listed).map(item)}</ul>
      <ul>
        ${session.value && html`<li><span>${session.value.username}</span></li>`}
        <li><${Languages} /></li>
        ${session.value && html`<li><button type="button" class="outline" onClick=${signOut}>${t("signOut")}</button></li>`}
      </ul>
    </nav></header>
    <main id="main" ref=${main}><${Content} /></main>`;
}

function toMain(event) {
  event.preventDefault();
  document.querySelector("main h1")?.focus();
}

const item = (one) => html`<li><a href=${link(one.name)} aria-current=${current() === one ? "page" : undefined}>${t(`page.${one.name}`)}</a></li>`;

const Languages = () => {
  const other = language.value === "es" ? "en" : "es";
  return html`<button type="button" class="outline" lang=${other} onClick=${() => speak(other)}>${other === "es" ? "Español" : "English"}</button>`;
};

function Content() {
  if (!session.value) return html`<${SignIn} />`;
  if (productProblem.value && !product.value) return html`<${Trouble} problem=${productProblem.value} again=${askForProduct} />`;
  if (!product.value) return html`<${Busy} when=${true} />`;
  const page = current();
  if (!page) return html`<${Titled} title=${t("notOffered")}><p>${t("notOfferedWhy")}</p><//>`;
  const { names, query } = route.value;
  const key = [page.name, ...names].join("/");
  return html`<${page.view} key=${key} names=${names} query=${query} />`;
}

function SignIn() {
  const title = t("signInTitle");
  if (!signInPlace) return html`<${Titled} title=${title}><p>${t("noSignIn")}</p><//>`;
  return html`<${Titled} title=${title}>
    ${refusal.value && html`<p role="alert">${t(refusal.value)}</p>`}
    <p>${t("signInAbout")}</p>
    <div class="actions"><button type="button" onClick=${signIn}>${t("signIn")}</button></div>
  <//>`;
}

/** A page's title: it is the document's, and is read first when the page changes. */
export function Titled({ title, children }) {
  const heading = useRef(null);
  useEffect(() => void (document.title = `${title} · AppVengers`), [title]);
  useEffect(() => void heading.current.focus({ preventScroll: true }), []);
  return html`<h1 tabindex="-1" ref=${heading}>${title}</h1>${children}`;
}
