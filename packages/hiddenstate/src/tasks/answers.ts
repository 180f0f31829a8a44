import { HiddenstateError } from "@hiddenstate/core";
import type { TableRow } from "../files/tables/table.ts";

/** What a kept column is called where the answer needs its name. */
const ofInput = "input_";

/**
 * Joins rows as they came with what a model says of them. Where both have a column of one name, that of the row goes by the name with `input_`
 * before it, and the first time that is told.
 *
 * @example
 * joinAnswers(console.error)({ id: 1, predicted: "b" }, { predicted: "a" });   // { id: 1, input_predicted: "b", predicted: "a" }
 */
export function joinAnswers(notice: ((text: string) => void) | undefined): (row: TableRow, said: object) => object {
  let told = false;
  return (row, answer) => {
    const said: TableRow = { ...answer };
    // What is one and the same thing in both, such as a sentence's words, is no other.
    const isSame = (name: string): boolean => typeof row[name] === "object" && row[name] === said[name];
    const taken = Object.keys(row).filter((name) => name in said && !isSame(name));
    if (taken.length === 0) return { ...row, ...said };
    const renamed = new Map(taken.map((name) => [name, freeName(name, row)]));
    if (!told) {
      const names = [...renamed].map(([name, free]) => `${name} is ${free}`).join(", ");
      notice?.(`the input has ${taken.length > 1 ? "columns" : "a column"} of the answer's names: ${names}`);
      told = true;
    }
    const kept = Object.entries(row).map(([name, value]) => [renamed.get(name) ?? name, value]);
    return { ...Object.fromEntries(kept), ...said };
  };
}

function freeName(name: string, row: TableRow): string {
  let free = ofInput + name;
  while (free in row) free = ofInput + free;
  return free;
}

/**
 * What is made of each of `count` rows, in their order. Where of one nothing can be made, those before it come first.
 *
 * @throws what `make` throws of the first row that is at fault
 */
export function* madeInOrder<Made>(count: number, make: (row: number) => Made): Generator<Made[], void> {
  const made: Made[] = [];
  try {
    for (let row = 0; row < count; row++) made.push(make(row));
  } catch (fault) {
    if (made.length > 0) yield made;
    throw fault;
  }
  yield made;
}

/**
 * Asks about rows, many at a time, and yields the answers in their order. Where a row can't be answered, those before it are.
 *
 * @param ask the same for a row alone as for many together
 * @throws what `ask` throws of the first row that is at fault
 */
export async function* answersInOrder<Row>(
  rows: readonly Row[],
  together: number,
  ask: (rows: readonly Row[]) => Promise<object[]>,
): AsyncGenerator<object[], void> {
  for (let start = 0; start < rows.length; start += together) {
    const asked = rows.slice(start, start + together);
    let answers: object[];
    try {
      answers = await ask(asked);
    } catch (fault) {
      if (!(fault instanceof HiddenstateError)) throw fault;
      for (const row of asked) yield await ask([row]);
      throw fault;
    }
    yield answers;
  }
}
