import { stat } from "node:fs/promises";
import { HiddenstateError } from "@hiddenstate/core";

/** What unpacks a file, by its ending. */
const unpackers: Readonly<Record<string, string>> = {
  gz: "gunzip -k",
  bz2: "bunzip2 -k",
  xz: "unxz -k",
  zst: "unzstd",
  zip: "unzip",
};

/**
 * Refuses data that a training can't read, before anything else is done: it is gone through more than once, and again where the run is resumed, so it
 * has to be a file or a folder, and no packed one.
 *
 * @param asBytes whether bytes are what is learned, of which any file has some
 * @throws HiddenstateError `unsupported`, saying what to do
 */
export async function refuseUnreadable(path: string, asBytes: boolean): Promise<void> {
  const packed = packedFile(path);
  if (packed && !asBytes) throw packed;
  if (path !== "-" && (await isKept(path))) return;
  throw new HiddenstateError(
    "unsupported",
    `unsupported data ${path}: it is standard input or a pipe, and data is read more than once; write it to a file first (cat > data.txt), and give that`,
  );
}

/** For a file that is packed, by its ending, and what unpacks it; null for others. */
export function packedFile(path: string): HiddenstateError | null {
  const [, ending = ""] = /\.(\w+)$/.exec(path.toLowerCase()) ?? [];
  if (!Object.hasOwn(unpackers, ending)) return null;
  return new HiddenstateError(
    "unsupported",
    `unsupported file ${path}: it is compressed; unpack it first (${unpackers[ending]} ${path}), and give the file that comes of it`,
  );
}

/** Whether it can be read again; what is not there is for whoever reads it to tell. */
async function isKept(path: string): Promise<boolean> {
  try {
    const found = await stat(path);
    return found.isFile() || found.isDirectory();
  } catch {
    return true;
  }
}
