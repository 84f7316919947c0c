/** Return a text with its {places} filled. */
export const filled = (text, values = {}) =>
  text.replace(/\{(\w+)\}/g, (place, name) => (name in values ? String(values[name]) : place));
