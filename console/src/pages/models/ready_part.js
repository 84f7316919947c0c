// Which models answer now, asked again while a version changes.
import { useEffect } from "preact/hooks";
import { html } from "../../frame/html.js";
import { get } from "../../requests/api.js";
import { useAnswer } from "../../requests/asking.js";
import { coded, plain, t, time } from "../../frame/language.js";
import { Trouble } from "../../parts/notice.js";
import { Table } from "../../parts/table.js";

const EVERY_MS = 10_000;

export function ReadyPart() {
  const ready = useAnswer(() => get("/ready"), []);
  useEffect(() => {
    const again = setInterval(() => ready.run(), EVERY_MS);
    return () => clearInterval(again);
  }, []);
  const columns = [
    { name: t("model"), value: ([name]) => name },
    { name: t("status"), value: ([, one]) => one.status, show: ([, one]) => coded("ready", one.status) },
    { name: "ms", value: ([, one]) => one.milliseconds, show: ([, one]) => plain(one.milliseconds), numeric: true },
    { name: t("cause"), value: ([, one]) => one.cause, show: ([, one]) => (one.cause ? coded("cause", one.cause) : "–") },
  ];
  return html`<${Trouble} problem=${ready.problem} />
    ${ready.value && html`<${Table} caption=${t("readyTold", { time: time(ready.value.checkedAt) })} columns=${columns} rows=${Object.entries(ready.value.models)} />`}`;
}
