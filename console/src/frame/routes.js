/** Return the page, its names and its query of an address's fragment. */
export function parsed(hash) {
  const [path, query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const [page = "", ...names] = path.split("/").map(decoded);
  return { page, names, query: Object.fromEntries(new URLSearchParams(query)) };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Return the fragment of a page: link("decisions", client, id). */
export const link = (...names) => `#/${names.map(encodeURIComponent).join("/")}`;
