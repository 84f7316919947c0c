const STEPS = 200;

/** Return the ends and the step of a slider: those of the field, on the side that the applicant can
 * change it to. */
export function range(field, stored) {
  const { actionable } = field;
  const known = (...values) => values.filter((one) => Number.isFinite(one));
  let minimum = Math.max(...known(field.minimum, actionable.minimum, 0));
  let maximum = Math.min(...known(field.maximum, actionable.maximum, Math.max(2 * (stored ?? 0), minimum + 1)));
  if (actionable.direction === "decrease" && stored !== undefined) maximum = stored;
  if (actionable.direction === "increase" && stored !== undefined) {
    minimum = stored;
    maximum = Math.max(maximum, stored);
  }
  const step = stepOf(maximum - minimum, field.type === "integer");
  if (stored > minimum) minimum = stored - Math.floor((stored - minimum) / step) * step; // so that the stored value is a step
  return { minimum, maximum, step };
}

/** Return a round step: 1, 2 or 5 times a power of ten. */
function stepOf(width, isWhole) {
  const exact = width / STEPS || 1;
  const power = 10 ** Math.floor(Math.log10(exact));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= exact);
  return isWhole ? Math.max(1, Math.round(step)) : step;
}

/** Return the changes with one more; a value that is the stored one again is no change. */
export function changed(changes, name, value, stored) {
  const { [name]: _, ...others } = changes;
  return value === stored?.[name] ? others : { ...others, [name]: value };
}
