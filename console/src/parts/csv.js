// A table as CSV (RFC 4180). A text that a spreadsheet would run has a quote before it.
const FORMULA = /^[=+\-@\t\r']/;

const cell = (value) => {
  const text = value === null || value === undefined ? "" : String(value);
  const safe = typeof value === "string" && FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
};

/** Return the lines of a table. `columns` are [{name, value(row)}]. */
export const csv = (columns, rows) =>
  [columns.map((one) => cell(one.name)), ...rows.map((row) => columns.map((one) => cell(one.value(row))))]
    .map((line) => line.join(","))
    .join("\r\n");

/** Have the browser save a text as a file. */
export function save(name, text, type = "text/csv") {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}
