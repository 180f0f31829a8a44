import { basename, extname, join } from "node:path";
import { HiddenstateError } from "@hiddenstate/core";
import { readText } from "./read-text.ts";

/** A line of a file whose name is its label. */
export interface LabelledLine {
  text: string;
  label: string;
  /** Such as `names/Arabic.txt:17`. */
  place: string;
}

/** The files of such a folder: those that end in `.txt`. */
export function labelFiles(names: readonly string[]): string[] {
  return names.filter((name) => extname(name).toLowerCase() === ".txt");
}

/**
 * Reads a folder with one text file for each label, an example in each line; empty lines are skipped.
 *
 * @throws HiddenstateError `missing`, `invalid` or `storage`, naming the file
 */
export async function readLabelledFolder(folder: string, names: readonly string[]): Promise<LabelledLine[]> {
  const files = labelFiles(names);
  if (files.length < 2) {
    throw new HiddenstateError(
      "invalid",
      `invalid folder ${folder}: it holds ${files.length === 0 ? "no text file (.txt)" : `one text file, ${files[0]}`}, ` +
        "expected one for each label, at least 2",
    );
  }
  const texts = await Promise.all(files.map(async (name) => readText(join(folder, name))));
  return files.flatMap((name, k) => {
    const label = basename(name, extname(name));
    return texts[k].split("\n").flatMap((line, i) => {
      const text = line.trim();
      return text === "" ? [] : [{ text, label, place: `${join(folder, name)}:${i + 1}` }];
    });
  });
}
