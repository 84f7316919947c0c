// The console: signs in, and shows the page that the address names.
import "./style.css";
import { html, render } from "./frame/html.js";
import { comeBack } from "./signing_in/session.js";
import { follow } from "./frame/router.js";
import { Shell } from "./frame/shell.js";

const place = document.getElementById("console");

comeBack().finally(() => {
  follow();
  place.replaceChildren();
  render(html`<${Shell} />`, place);
});
