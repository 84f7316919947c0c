// The product, and what the person may call: asked once a session and language.
import { computed, effect, signal } from "@preact/signals";
import { get } from "../requests/api.js";
import { language } from "./language.js";
import { session } from "../signing_in/session.js";

export const product = signal(null);
export const productProblem = signal(null);

const who = computed(() => session.value?.username ?? null);

export async function askForProduct() {
  productProblem.value = null;
  try {
    product.value = await get("/product");
  } catch (problem) {
    productProblem.value = problem;
  }
}

effect(() => {
  const said = language.value;
  if (who.value && said) askForProduct();
  if (!who.value) product.value = null;
});

/** Return whether the person may call a route, such as "POST /predict". */
export const may = (call) => product.value?.mayCall.includes(call) ?? false;

export const titleOf = (feature) => product.value?.titles[feature] ?? feature;

export const fieldOf = (name) => product.value?.fields.find((one) => one.name === name);
