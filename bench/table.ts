/** A line of a table: the first cell on the left of its column, the others on the right. */
export function tableRow(widths: readonly number[], cells: readonly string[]): string {
  return cells
    .map((cell, k) => (k === 0 ? cell.padEnd(widths[k]) : cell.padStart(widths[k])))
    .join("  ")
    .trimEnd();
}

/** A time with its unit. */
export function duration(milliseconds: number): string {
  return milliseconds < 1
    ? `${(1000 * milliseconds).toPrecision(4)} µs`
    : `${milliseconds.toPrecision(4)} ms`;
}

/** How many times as long another took. */
export function ratio(other: number, own: number): string {
  return `${(other / own).toPrecision(3)}×`;
}

/** A number with the digits that a measurement has. */
export function digits(value: number): number {
  return Number(value.toPrecision(4));
}
