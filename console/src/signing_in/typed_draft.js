// What is typed into a form, kept as a draft until it is the empty one again.
import { useMemo } from "preact/hooks";
import { signal } from "@preact/signals";
import { draft, dropDraft, keepDraft } from "./drafts.js";

/** Return what is typed, whose `value` is read and set as that of a signal: of each name its own. */
export function useDraft(name, empty) {
  const typed = useMemo(() => signal(draft(name) ?? empty), [name]);
  return {
    get value() {
      return typed.value;
    },
    set value(next) {
      typed.value = next;
      if (JSON.stringify(next) === JSON.stringify(empty)) dropDraft(name);
      else keepDraft(name, next);
    },
  };
}
