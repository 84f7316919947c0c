/** Return the path of a line; a value that is not known leaves a gap. */
export function linePath(values, x, y) {
  let pen = "M";
  return values
    .map((value, place) => {
      if (!Number.isFinite(value)) {
        pen = "M";
        return "";
      }
      const here = `${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
      const step = `${pen}${here}`;
      pen = "L";
      return step;
    })
    .join("");
}

/** Return the path of the values that stand alone, which no line shows. */
export const dotPath = (values, x, y) =>
  values
    .map((value, place) => {
      const isAlone = [value, values[place - 1], values[place + 1]].map(Number.isFinite).join() === "true,false,false";
      return isAlone ? `M${x(place).toFixed(1)} ${y(value).toFixed(1)}h0.1` : "";
    })
    .join("");

const LEADER = 22; // pixels beside the plot

/** Return the path from a line's end to its name: level as far as the plot, and slanted beside it, so that
 * no two cross whose names are in the order of their ends. */
export const leaderPath = ({ x, y }, right, place) => `M${x.toFixed(1)} ${y.toFixed(1)}H${right}L${right + LEADER} ${place.toFixed(1)}`;

/** Return about four round marks from at or below `low` to at or above `high`. */
export function ticks(low, high) {
  const exact = (high - low) / 4 || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(exact));
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= exact * 0.999);
  const first = Math.floor(low / step);
  const count = Math.max(1, Math.ceil(high / step - 1e-9) - first);
  return Array.from({ length: count + 1 }, (_, place) => Number(((first + place) * step).toPrecision(12)));
}

/** Return places near `wanted` in their order, at least a gap apart, and above `last` if they fit. */
export function apart(wanted, gap, last) {
  const found = new Array(wanted.length);
  const order = wanted.map((_, place) => place).sort((one, other) => wanted[one] - wanted[other]);
  order.reduce((least, place) => (found[place] = Math.max(wanted[place], least)) + gap, 0);
  order.reduceRight((most, place) => (found[place] = Math.max(0, Math.min(found[place], most))) - gap, last);
  return found;
}

const MOST_DIGITS = 6;

/** Return how many decimals marks need, so that each is written as it is. */
export function digits(marks) {
  const isExact = (count) => marks.every((one) => Math.abs(one * 10 ** count - Math.round(one * 10 ** count)) < 1e-6);
  return Array.from({ length: MOST_DIGITS }, (_, count) => count).find(isExact) ?? MOST_DIGITS;
}

/** Return the places of the lines whose names are written: all if they fit, else every so many from the
 * last one on, the first, and the chosen. */
export function named(count, most, chosen) {
  const step = count <= most ? 1 : Math.ceil((count - 1) / (most - 3));
  const isNamed = (place) => (count - 1 - place) % step === 0 || place === 0 || place === chosen;
  return Array.from({ length: count }, (_, place) => place).filter(isNamed);
}
