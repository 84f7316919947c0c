"use strict";

const place = document.getElementById("viewer");

// API Gateway puts its stage before each path: the API is where this page is.
const base = new URL(".", location.href).pathname.replace(/\/$/, "") || "/";

function show(description) {
  SwaggerUIBundle({
    spec: { ...description, servers: [{ url: base }] },
    domNode: place,
    deepLinking: true,
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis],
    validatorUrl: null,
  });
}

fetch("openapi.json")
  .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(answer.status))))
  .then(show)
  .catch((fault) => {
    place.textContent = `The description at openapi.json did not come (${fault.message}). Load this page again.`;
  });
