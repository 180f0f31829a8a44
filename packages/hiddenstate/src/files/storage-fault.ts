import { HiddenstateError } from "@hiddenstate/core";

const reasons: Record<string, string> = {
  EACCES: "permission denied; change its permissions or use another folder",
  EPERM: "the system does not permit it; use another folder",
  EROFS: "the file system is read-only; use another folder",
  ENOSPC: "no space left on the disk; free some or use another folder",
  EDQUOT: "the disk quota is used up; free some space or use another folder",
  EFBIG: "the file would be larger than the limit for files here (ulimit -f)",
  EIO: "the disk reports an input/output error",
  EMFILE: "too many files are open",
  ENFILE: "too many files are open",
  ENOTDIR: "a part of the path is a file, not a folder",
  EISDIR: "it is a folder, not a file",
  ENOENT: "no such file or folder",
  ENAMETOOLONG: "the name is too long",
};

/**
 * The error to throw for a failed file operation, as one sentence.
 *
 * @param what such as `"cannot write runs/a/model.safetensors"`
 * @param kept what is still whole, told after the reason
 */
export function storageFault(what: string, fault: unknown, kept?: string): HiddenstateError {
  const { code, message } = fault as NodeJS.ErrnoException;
  const reason = (code !== undefined && reasons[code]) || message;
  const suffix = code !== undefined && reasons[code] ? ` (${code})` : "";
  return new HiddenstateError("storage", `${what}: ${reason}${suffix}${kept ? `; ${kept}` : ""}`, { cause: fault });
}

/** Whether a file operation failed for this reason. */
export function failedWith(fault: unknown, ...codes: string[]): boolean {
  const { code } = fault as NodeJS.ErrnoException;
  return code !== undefined && codes.includes(code);
}
