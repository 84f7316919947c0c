const FORMS = { csv: "csv", jsonl: "jsonl", ndjson: "jsonl", parquet: "parquet" };

/** Return the form of a file by the ending of its name; one that is not known is read as CSV. */
export const formOf = (name) => FORMS[name.toLowerCase().split(".").at(-1)] ?? "csv";
