// Pico's style without what the console has none of: dialogs, tooltips, switches, colours, menus.
const UNUSED = /dialog|data-tooltip|role=switch|type=color|dropdown|^\s*\[data-theme=dark\]|role=group|\[role=document\]|modal|accordion|hgroup|\bmark\b|\bkbd\b|\bsamp\b|\bins\b|\bvideo\b|\baudio\b|\bcanvas\b|\biframe\b|\bobject\b|\bembed\b|type=(week|month|time|url|tel|email|password|reset|image)/;

/** Return the selectors of a list; commas within brackets part none. */
function parts(list) {
  let depth = 0;
  return [...list].reduce((found, sign) => {
    depth += sign === "(" ? 1 : sign === ")" ? -1 : 0;
    if (sign === "," && !depth) return [...found, ""];
    return [...found.slice(0, -1), found.at(-1) + sign];
  }, [""]);
}

/** Return a style without the rules whose selectors are all of what is unused. */
export function used(css) {
  return css.replace(/([^{}]+)\{([^{}]*)\}/g, (rule, list, body) => {
    if (list.trimStart().startsWith("@")) return rule;
    const kept = parts(list).filter((one) => !UNUSED.test(one));
    return kept.length ? `${kept.join(",")}{${body}}` : "";
  });
}
