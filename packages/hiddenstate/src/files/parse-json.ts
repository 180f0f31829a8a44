import { HiddenstateError } from "@hiddenstate/core";

/**
 * What a file that we wrote holds.
 *
 * @param where the file, or `file:line`
 * @param remedy what to do about one that is damaged
 * @throws HiddenstateError `corrupt` for what is not JSON
 */
export function parseJson(text: string, where: string, remedy: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HiddenstateError("corrupt", `${where}: corrupt file: it is not JSON; ${remedy}`, { cause });
  }
}
