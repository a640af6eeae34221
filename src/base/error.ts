/** What a NeuriteError says: what was done, what was got, what was expected, and how to mend it. */
export interface ErrorParts {
  /** What was done, for instance `matmul`. */
  readonly operation: string;
  /** What was got. */
  readonly got: string;
  /** What was expected. */
  readonly expected?: string;
  /** How to mend it. */
  readonly hint?: string;
}

/**
 * The one error class of the library.
 *
 * @example
 * ```ts
 * const error = new NeuriteError({ operation: "matmul", got: "[2, 3] · [4, 5]", expected: "[2, 3] · [3, 5]" });
 * console.log(error.message); // matmul: got [2, 3] · [4, 5], expected [2, 3] · [3, 5]
 * ```
 */
export class NeuriteError extends Error {
  override readonly name = "NeuriteError";
  readonly operation: string;
  readonly got: string;
  readonly expected: string | undefined;
  readonly hint: string | undefined;

  constructor(parts: ErrorParts) {
    const expected = parts.expected === undefined ? "" : `, expected ${parts.expected}`;
    const hint = parts.hint === undefined ? "" : `; ${parts.hint}`;
    super(`${parts.operation}: got ${parts.got}${expected}${hint}`);
    this.operation = parts.operation;
    this.got = parts.got;
    this.expected = parts.expected;
    this.hint = parts.hint;
  }
}

/** An error for an unknown name that suggests the closest known one. */
export function unknownName(operation: string, got: string, known: readonly string[]): NeuriteError {
  const closest = closestName(got, known);
  return new NeuriteError({
    operation,
    got: `'${got}'`,
    expected: `one of ${known.map((name) => `'${name}'`).join(", ")}`,
    ...(closest === undefined ? {} : { hint: `did you mean '${closest}'?` }),
  });
}

/** Throws for a key of `options` that is not in `known`, suggesting the closest one. */
export function checkOptions(operation: string, options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw unknownName(`${operation}: unknown option`, key, known);
  }
}

function closestName(got: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(got.length / 2)) + 1;
  for (const name of known) {
    const distance = editDistance(got.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(substitution, (previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
