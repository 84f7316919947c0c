// Whether those that decided answer today. Pure.
/** Return whether the models and the policy that decided are those that answer now. */
export const isOfNow = (decided, now) =>
  decided.policyVersion === now.policyVersion && Object.entries(decided.models).every(([name, one]) => one.version === now.models[name]);
