// A version on its way: verification, endpoint and traffic, asked again until it is settled.
import { useEffect } from "preact/hooks";
import { html } from "../../../frame/html.js";
import { get, path } from "../../../requests/api.js";
import { useAsking } from "../../../requests/asking.js";
import { coded, language, plain, t, time } from "../../../frame/language.js";
import { Trouble } from "../../../parts/notice.js";
import { Said } from "../../../parts/said.js";
import { failureOf, isOwn, WRITTEN_IN } from "./versions.js";

const EVERY_MS = 1000;
const GOES_ON = ["WAITING", "VERIFIED", "DEPLOYING"];
const KINDS = { REFUSED: "DECLINE", FAILED: "DECLINE", IN_SERVICE: "APPROVE", SUPERSEDED: "REVIEW" };

export function StandingPart({ of: { model, version }, onSettled }) {
  const standing = useAsking(() => get(path`/models/${model}/versions/${version}`), true);
  const one = standing.value;
  const goesOn = !one || GOES_ON.includes(one.state);
  useEffect(() => {
    standing.run();
    const again = goesOn ? setInterval(() => standing.run(), EVERY_MS) : null;
    if (!goesOn) onSettled();
    return () => clearInterval(again);
  }, [goesOn, language.value]);
  return html`<article aria-label=${t("onItsWay")}>
    <h2>${t("onItsWay")}: <${Said} text=${model} /> <${Said} text=${version} /></h2>
    <${Trouble} problem=${standing.problem} again=${standing.run} />
    ${one && html`<p role="status"><strong class=${`tag ${KINDS[one.state] ?? ""}`}>${coded("standing", one.state)}</strong></p><${Steps} of=${one} />`}
  </article>`;
}

function Steps({ of }) {
  const { act, refusal, verifiedAt, endpoint, deployment } = of;
  return html`<ol class="timeline">
    ${act && html`<li>${coded("modelAct", act.kind)} · ${time(act.at)} · <${Said} text=${act.by.username} />: <${Said} text=${act.reason} /></li>`}
    <li>${t("verification")}: ${refusal && of.state === "REFUSED" ? html`${t("refused")} · ${time(refusal.at)} · <${Said} text=${refusal.reason} />` : verifiedAt ? `${t("verified")} · ${time(verifiedAt)}` : t("waitsForIt")}</li>
    ${endpoint && isOwn(of.state) && html`<li>${t("endpoint")}: ${coded("endpoint", endpoint.status)}${of.state === "FAILED" && endpoint.failure && html` · <${Failure} text=${endpoint.failure} />`}</li>`}
    ${endpoint && html`<li>${t("traffic")}: <${Traffic} endpoint=${endpoint} deployment=${deployment} /></li>`}
  </ol>`;
}

function Failure({ text }) {
  const [last, whole] = failureOf(text);
  const said = (one) => html`<${Said} text=${one} lang=${WRITTEN_IN.FAILED} />`;
  return html`${said(last)}${whole && html`<details><summary>${t("wholeFailure")}</summary><pre tabindex="0">${said(whole)}</pre></details>`}`;
}

function Traffic({ endpoint, deployment }) {
  const answers = html`${t("answersNow")} <${Said} text=${endpoint.version} />`;
  if (!deployment) return answers;
  const machines = deployment.wantedInstances > 0 && ` (${t("instancesOf", { now: plain(deployment.instances), wanted: plain(deployment.wantedInstances) })})`;
  return html`${answers}; ${t("movesTo")} <${Said} text=${deployment.version} />${machines}
    ${deployment.stages.map((one) => html` · ${coded("stage", one.status)}${one.message && html`: <${Said} text=${one.message} lang=${WRITTEN_IN.FAILED} />`}`)}`;
}
