// Views are templates: htm makes Preact's elements of them, so a text is never markup.
export { html, render } from "htm/preact";
