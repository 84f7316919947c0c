// What became of a model's versions. Pure.

/** Return the versions that a rollback can go to, the newest first: not the one in service, and none
 * that failed whenever it was deployed. */
export function offered({ versions, inService, events }) {
  const ended = (kind) => new Set(events.filter((one) => one.kind === kind).map((one) => one.version));
  const [failed, served] = [ended("FAILED"), ended("IN_SERVICE")];
  return versions.filter((one) => one !== inService && (served.has(one) || !failed.has(one))).reverse();
}

/** The language of reasons that are written in one alone, by the kind of event: those of SageMaker and of
 * the gate. */
export const WRITTEN_IN = { FAILED: "en", PASSED: "es", REJECTED: "es" };

const CONCERNS = ["DEPLOYING", "IN_SERVICE", "FAILED"];

/** Return whether what the endpoint tells is of the version, and not of the one before it. */
export const isOwn = (state) => CONCERNS.includes(state);

/** Return [what went wrong, all that was said] of a failure: a traceback ends with what went wrong. */
export function failureOf(text) {
  const lines = text.trim().split("\n");
  return [lines.at(-1).trim(), lines.length > 1 ? text.trim() : null];
}
