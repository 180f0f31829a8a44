import { type ErrorCode, HiddenstateError } from "@hiddenstate/core";

/** The command was called wrongly: exit code 2. */
export class UsageError extends HiddenstateError {
  constructor(code: ErrorCode, message: string) {
    super(code, message);
    this.name = "UsageError";
  }
}
