/** What was asked for can't be done, or not here: the options are at fault. */
export class UsageError extends Error {}
