// Pico's style without what the console has none of: dialogs, tooltips, switches, colours, menus,
// links and searches that look like buttons.
const UNUSED = /dialog|data-tooltip|type=color|dropdown|^\s*\[data-theme=(dark|light)\]|^\s*:host|dir=rtl|role=(button|link|search|group|switch|document)|::-ms-|breadcrumb|aria-invalid=false|aria-disabled|aria-hidden=false|:indeterminate|article>(header|footer)|\baside\b|\bh[56]\b|modal|accordion|hgroup|striped|\bsu[bp]\b|\bhr\b|\babbr\b|\btfoot\b|\bfooter\b|\baddress\b|\[multiple|\[readonly|fieldset\[disabled|\bmark\b|\bkbd\b|\bsamp\b|\bins\b|\bvideo\b|\baudio\b|\bcanvas\b|\biframe\b|\bobject\b|\bembed\b|type=(week|month|time|url|tel|email|password|reset|image)/;
const NESTED = /:(not|is|where|has)\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*)\)/g;

/** Return the parts of a text; a separator within brackets or quotes parts none. */
function parts(text, separator = ",") {
  let [depth, quoted] = [0, false];
  const found = [""];
  for (const sign of text) {
    if (sign === '"') quoted = !quoted;
    depth += sign === "(" ? 1 : sign === ")" ? -1 : 0;
    if (sign === separator && !depth && !quoted) found.push("");
    else found.push(found.pop() + sign);
  }
  return found;
}

/** Return a selector without its unused choices; null if it can match nothing of the console.
 * What `:not` excludes says nothing about what the selector matches. */
function pruned(selector) {
  let matches = true;
  const text = selector.replace(NESTED, (whole, kind, list) => {
    const kept = parts(list).map(pruned).filter(Boolean);
    if (kind !== "not") matches &&= kept.length > 0;
    return kept.length ? `:${kind}(${kept})` : whole;
  });
  return matches && !UNUSED.test(text.replace(NESTED, "")) ? text : null;
}

const ofRules = (css, change) =>
  css.replace(/([^{}]+)\{([^{}]*)\}/g, (rule, list, body) => (list.trimStart().startsWith("@") ? rule : change(list, body)));

/** Return a style without the properties that neither it nor the console's own style reads. */
function withoutUnread(css, own) {
  const isRead = (name) => `${css}${own}`.includes(`var(${name})`) || css.includes(`var(${name},`);
  const stays = (one) => !one.startsWith("--") || isRead(one.split(":")[0]);
  const rest = ofRules(css, (list, body) => {
    const kept = parts(body, ";").filter(stays);
    return kept.length ? `${list}{${kept.join(";")}}` : "";
  });
  return rest === css ? css : withoutUnread(rest, own);
}

/** Return a style without the rules whose selectors are all of what is unused. */
export function used(css, own = "") {
  const rules = ofRules(css.replace(/^\s*@charset "[^"]*";/, ""), (list, body) => {
    const kept = parts(list).map(pruned).filter(Boolean);
    return kept.length ? `${kept.join(",")}{${body}}` : "";
  });
  return withoutUnread(rules, own);
}
