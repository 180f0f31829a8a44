/** A count with thousands separated: `12,345`. */
export function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/** Three significant digits without exponent where that reads well: `0.0123`, `1.23`, `12.3`, `1230`. */
export function significant(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  if (magnitude < -4 || magnitude > 6) return value.toExponential(2);
  return value.toFixed(Math.max(0, 2 - magnitude));
}

const two = (value: number): string => String(value).padStart(2, "0");

/** A time span as a person says it: `45s`, `2m 05s`, `3h 20m`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return "?";
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${two(whole % 60)}s`;
  return `${Math.floor(whole / 3600)}h ${two(Math.floor((whole % 3600) / 60))}m`;
}

/** A short time: `45.2 us`, `1.23 ms`. */
export function describeTime(seconds: number): string {
  if (!Number.isFinite(seconds)) return "-";
  if (seconds < 1e-3) return `${significant(seconds * 1e6)} us`;
  return seconds < 1 ? `${significant(seconds * 1e3)} ms` : `${significant(seconds)} s`;
}

/** A size: `512 B`, `2.05 kB`, `1.05 MB`. */
export function describeBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return "-";
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1e6 ? `${significant(bytes / 1e3)} kB` : `${significant(bytes / 1e6)} MB`;
}

/** A word as a shell takes it back: quoted where it must be. */
export function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
