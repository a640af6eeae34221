/** Where a command writes. */
export interface Terminal {
  /** Results: a line, or several, to standard output. */
  print(text: string): void;
  /** What is no result: to standard error. */
  warn(text: string): void;
}

/** A command line that cannot be carried out as it was written. */
export class WrongUse extends Error {}
