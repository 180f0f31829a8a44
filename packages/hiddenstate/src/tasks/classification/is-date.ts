/** Whether a value is a date as tables write it: `1949-01`, `1949-01-31`, with a time or without, `31.01.1949`, `01/31/1949`. */
export function isDate(value: unknown): boolean {
  return (
    typeof value === "string" &&
    /^(\d{4}-\d{1,2}(-\d{1,2})?([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?|\d{1,2}[./]\d{1,2}[./]\d{2,4})$/.test(
      value.trim(),
    )
  );
}
