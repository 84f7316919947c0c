// The pages of the queue, whose cursors are in its address: Back from a case leads to the same page. Pure.

/** Return the cursors of the pages up to this one; none on the first. */
export const cursorsOf = (query) => (query.pages ?? "").split(" ").filter(Boolean);

/** Return the fragment of the page that these cursors lead to. */
export const queueLink = (cursors) => (cursors.length ? `#/queue?${new URLSearchParams({ pages: cursors.join(" ") })}` : "#/queue");

/** Return the request for a page of at most so many cases. */
export const queuePath = (cursor, limit = 50) => `/reviews?${new URLSearchParams({ state: "open", limit, ...(cursor && { cursor }) })}`;
