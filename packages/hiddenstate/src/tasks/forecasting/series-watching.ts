import {
  type ForecasterModel,
  type ForecastStream,
  type ForecastStreamState,
  HiddenstateError,
  type SeriesColumns,
  type Series,
  seriesFromRows,
  type StreamRow,
  type WatchedValue,
} from "@hiddenstate/core";
import { parseDelimited } from "../../files/tables/delimited.ts";
import { parseObject } from "../../files/tables/json-lines.ts";
import { cellText, placeOf, type TableRow } from "../../files/tables/table.ts";
import { tableParts } from "../../files/tables/table-parts.ts";
import { joinAnswers } from "../answers.ts";
import type { PredictRequest } from "../task.ts";
import type { Watch, WatchRequest } from "../watch.ts";
import { inFile, isSeriesSource, ofFile, readSeriesAs, sourceOptions } from "./series-files.ts";

/** What is kept of a watch over series. */
interface SeriesWatchState {
  rate: number | null;
  streams: ForecastStreamState[];
}

/**
 * Watches series row by row, each value by how far it is from what was forecast of it. A line is an object (`{"day": "2024-01-01", "sold": 3}`), cells
 * in the order of the training's columns (or of a header that comes first), or a value alone.
 */
export async function watchSeries(model: ForecasterModel, request: WatchRequest): Promise<Watch> {
  const watch = new SeriesWatch(model, request);
  const { history } = request;
  if (history !== undefined) for (const series of await readSeriesAs(history, model.config.source)) watch.know(series);
  return { push: (line) => watch.pushLine(line), state: () => watch.state() };
}

/** What is said of each row of some tables, in their order. */
export async function* predictSeries(
  model: ForecasterModel,
  { paths, input, rate, notice }: PredictRequest,
): AsyncGenerator<object[], void> {
  const watch = new SeriesWatch(model, { rate, notice });
  const { order, columns } = watch;
  const join = joinAnswers(notice);
  const parts = tableParts(paths, input, {
    ...sourceOptions(model.config.source),
    lineColumn: columns.value!,
    columns: order,
    whole: false,
  });
  for await (const table of parts) {
    for (const [i, row] of table.rows.entries()) {
      const answer = inFile(placeOf(table, i), () => watch.push(row));
      yield [join(row, answer.said)];
    }
  }
}

/** Which columns of a row mean what, and their order in a line of cells: as the training's data had them, or by the names of the model's inputs. */
export function columnsOf({ config }: ForecasterModel): { columns: SeriesColumns; order: readonly string[] } {
  const { source, plan, frequency, trained } = config;
  if (source && isSeriesSource(source) && source.columns) return { columns: source.columns, order: source.order };
  const names = (kind: "known" | "observed" | "categories"): string[] => plan.inputs[kind].map(({ name }) => name);
  const id = Object.keys(trained).length > 1 ? "id" : undefined;
  const date = frequency ? "date" : undefined;
  const inputs = { known: names("known"), observed: names("observed"), categories: names("categories") };
  return {
    columns: { value: "value", date, id, ...inputs },
    order: [id, date, "value"].filter((name) => name !== undefined),
  };
}

class SeriesWatch {
  readonly columns: SeriesColumns;
  /** Columns of a line of cells. */
  order: readonly string[];
  readonly #model: ForecasterModel;
  readonly #rate: number | undefined;
  /** What was named as it for the training's data. */
  readonly #delimiter: string | undefined;
  readonly #streams = new Map<string, ForecastStream>();

  /** Told of the first gap. */
  #notice: ((text: string) => void) | undefined;

  constructor(model: ForecasterModel, { rate, state, notice }: Omit<WatchRequest, "history" | "tokens">) {
    this.#model = model;
    this.#rate = rate;
    this.#notice = notice;
    this.#delimiter = sourceOptions(model.config.source).delimiter;
    const { columns, order } = columnsOf(model);
    this.columns = columns;
    this.order = order;
    if (state === undefined) return;
    const saved = state as Partial<SeriesWatchState>;
    if (!Array.isArray(saved.streams))
      throw new HiddenstateError(
        "invalid",
        "stream: invalid state: it is none of watched series; leave it out to start afresh",
      );
    for (const each of saved.streams) {
      const stream = model.resumeStream({ ...each, ...(rate !== undefined && { rate }) });
      this.#streams.set(each.id ?? "", stream);
    }
  }

  /** Starts the watch over a series with its past. */
  know(series: Series): void {
    this.#streams.set(this.#key(series.id), this.#begin(series));
  }

  pushLine(line: string): object | null {
    try {
      return this.#pushLine(line);
    } catch (error) {
      throw withoutRows(ofFile(null, error));
    }
  }

  #pushLine(line: string): object | null {
    const row = this.#rowOf(line);
    if (row === null) return null;
    const answer = this.push(row);
    const { id, value, date } = this.columns;
    const told = Object.fromEntries(
      [...[id ?? []].flat(), ...(date === undefined ? [] : [date])].map((name) => [name, row[name] ?? null]),
    );
    return { ...told, [value!]: answer.value, ...answer.said };
  }

  /** What was forecast of a row's value before it came, and how far off it is. */
  push(row: TableRow): { value: number | null; said: Omit<WatchedValue, "value"> } {
    // The value may be missing; a covariate known ahead must not make the row the future's.
    const [read] = seriesFromRows([row], {
      ...this.columns,
      known: [],
      observed: [...(this.columns.known ?? []), ...(this.columns.observed ?? [])],
    });
    const id = this.#key(read.id);
    const stream =
      this.#streams.get(id) ?? this.#begin({ ...read, values: [], dates: undefined, observed: {}, known: {} });
    const at = (name: string): number => read.observed![name][0];
    const pick = (names: readonly string[] = []): Record<string, number> =>
      Object.fromEntries(names.map((name) => [name, at(name)]));
    const next: StreamRow = {
      value: read.values[0],
      ...(read.dates && { date: read.dates[0] }),
      known: pick(this.columns.known),
      observed: pick(this.columns.observed),
    };
    const { value, odd, skipped, ...numbers } = stream.push(next);
    const said = { ...inFigures(numbers), odd, ...(skipped !== undefined && { skipped }) };
    if (skipped !== undefined) this.#tellGap(id, row, skipped);
    // Only now: a row that is refused begins nothing.
    this.#streams.set(id, stream);
    return { value: Number.isNaN(value) ? null : value, said };
  }

  state(): SeriesWatchState {
    return { rate: this.#rate ?? null, streams: [...this.#streams.values()].map((stream) => stream.state()) };
  }

  #tellGap(id: string, row: TableRow, skipped: number): void {
    const steps = skipped === 1 ? "a step is" : `${skipped} steps are`;
    this.#notice?.(
      `series ${id}: ${steps} left out before ${cellText(row[this.columns.date!])}: taken as missing, as is what is left out later`,
    );
    this.#notice = undefined;
  }

  #begin(series: Series): ForecastStream {
    return this.#model.stream({
      series: { ...series, id: this.#key(series.id) },
      ...(this.#rate !== undefined && { rate: this.#rate }),
    });
  }

  /** A single series needs no name. */
  #key(id: string | undefined): string {
    return id ?? this.columns.value ?? "";
  }

  #rowOf(line: string): TableRow | null {
    const text = line.trim();
    if (text === "") return null;
    if (text.startsWith("{")) return parseObject("stream", text);
    if (this.order.length === 1) return { [this.columns.value!]: text };
    const { rows } = parseDelimited("stream", text, { header: false, delimiter: this.#delimiter ?? delimiterOf(text) });
    const cells = Object.values(rows[0]).map((cell) => String(cell).trim());
    if (cells.includes(this.columns.value!)) {
      this.order = cells;
      return null;
    }
    if (cells.length !== this.order.length) {
      throw new HiddenstateError(
        "mismatch",
        `stream: mismatch in line: got ${cells.length} cells, expected ${this.order.length}: ${this.order.join(", ")}; ` +
          "give them in this order, a header line first, or an object of JSON",
      );
    }
    return Object.fromEntries(cells.map((cell, i) => [this.order[i], cell]));
  }
}

/** A line of a stream is one row: the numbers of those that are kept would say nothing. */
function withoutRows(error: unknown): unknown {
  if (!(error instanceof HiddenstateError)) return error;
  const message = error.message
    .replace(/^row \d+: /, "")
    .replace(/, row \d+:/, ":")
    .replaceAll(/\brow \d+ \(([^)]+)\)/g, "$1")
    .replace(/; sort the rows.*/, "; lines must come in the order of their dates")
    .replace(/; bring them to one distance.*/, "; lines may leave steps out, but must lie on them")
    .replace(/; remove one, or (use|train with).*/, "; a date can come once");
  return new HiddenstateError(error.code, message, { cause: error });
}

/** Six figures: more would be noise to read. */
function inFigures<Key extends string>(numbers: Readonly<Record<Key, number | null>>): Record<Key, number | null> {
  const entries = Object.entries<number | null>(numbers);
  const shortened = entries.map(([name, value]) => [name, value === null ? null : Number(value.toPrecision(6))]);
  return Object.fromEntries(shortened) as Record<Key, number | null>;
}

function delimiterOf(text: string): string {
  return ["\t", ";", "|"].find((delimiter) => text.includes(delimiter)) ?? ",";
}
