/** A point of the picture. */
export type Position = readonly [x: number, y: number];

/**
 * The outlines of where a sampled function is above a level, by marching squares: closed lines in units of the grid,
 * closed along the border too. `values` is row-major, `size` by `size`.
 */
export function outlines(values: ArrayLike<number>, size: number, level: number): Position[][] {
  // A frame of samples far below the level closes every line.
  const at = (column: number, row: number): number =>
    column < 0 || row < 0 || column >= size || row >= size ? -1 : values[row * size + column] - level;
  const next = new Map<string, { readonly to: string; readonly position: Position }>();
  for (let row = -1; row < size; row++) {
    for (let column = -1; column < size; column++) {
      for (const [from, to] of segmentsOf(column, row, at)) {
        next.set(from.key, { to: to.key, position: from.position });
      }
    }
  }
  return chains(next);
}

interface Crossing {
  readonly key: string;
  readonly position: Position;
}

/** The lines through one cell, each with the higher side on its right. */
function segmentsOf(
  column: number,
  row: number,
  at: (column: number, row: number) => number,
): [Crossing, Crossing][] {
  const corners = [
    [column, row],
    [column + 1, row],
    [column + 1, row + 1],
    [column, row + 1],
  ] as const;
  const entering: Crossing[] = [];
  const leaving: Crossing[] = [];
  corners.forEach((from, i) => {
    const to = corners[(i + 1) % 4];
    const [a, b] = [at(...from), at(...to)];
    if (a > 0 === b > 0) return;
    (b > 0 ? entering : leaving).push(crossing(from, to, a, b));
  });
  return entering.map((start, i) => [start, leaving[(i + 1) % leaving.length]]);
}

/** Where the function meets the level on an edge; the key is the same seen from both cells. */
function crossing(from: Position, to: Position, a: number, b: number): Crossing {
  const share = a / (a - b);
  const position: Position = [from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1])];
  return { key: `${from[0] + to[0]},${from[1] + to[1]}`, position };
}

function chains(next: Map<string, { readonly to: string; readonly position: Position }>): Position[][] {
  const lines: Position[][] = [];
  while (next.size > 0) {
    let [key] = next.keys();
    const line: Position[] = [];
    for (let link = next.get(key); link !== undefined; link = next.get(key)) {
      next.delete(key);
      line.push(link.position);
      key = link.to;
    }
    lines.push(line);
  }
  return lines;
}
