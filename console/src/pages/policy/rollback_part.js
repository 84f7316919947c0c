// A rollback: a policy that was in force before, at once.
import { html } from "../../frame/html.js";
import { ask } from "../../requests/api.js";
import { useAsking } from "../../requests/asking.js";
import { t } from "../../frame/language.js";
import { useDraft } from "../../signing_in/typed_draft.js";
import { Labelled } from "../../parts/field.js";
import { Trouble } from "../../parts/notice.js";
import { errorOf } from "../../parts/typed_values.js";

export function RollbackPart({ all, onDone }) {
  const waiting = new Set([...all.drafts, ...all.scheduled].map((one) => one.policy));
  const ruled = all.acts.filter((one) => !waiting.has(one.policy) || one.kind === "DEPLOYED" || one.kind === "ROLLED_BACK");
  const versions = [...new Set(ruled.map((one) => one.policy))].filter((one) => one !== all.version);
  const typed = useDraft("policy-rollback", { policy: "", reason: "" });
  const rolling = useAsking(async () => {
    await ask("POST", "/policy-rollback", typed.value);
    typed.value = { policy: "", reason: "" };
    onDone();
  });
  if (!versions.length) return null;
  const set = (name) => (event) => (typed.value = { ...typed.value, [name]: event.currentTarget.value });
  const wrong = (name) => errorOf(rolling.problem, `#/${name}`);
  return html`<details><summary>${t("rollback")}</summary>
    <form noValidate onSubmit=${(event) => { event.preventDefault(); rolling.run(); }}>
      <${Labelled} id="rollback-policy" label=${t("policy")} of="select" wrong=${wrong("policy")} onChange=${set("policy")}>
        <option value="">${t("choose")}</option>${versions.map((one) => html`<option value=${one} selected=${one === typed.value.policy}>${one}</option>`)}<//>
      <${Labelled} id="rollback-reason" label=${t("reason")} wrong=${wrong("reason")} value=${typed.value.reason} onInput=${set("reason")} />
      <${Trouble} problem=${rolling.problem} />
      <div class="actions"><button type="submit" aria-busy=${rolling.busy ? "true" : undefined}>${t("rollback")}</button></div>
    </form></details>`;
}
