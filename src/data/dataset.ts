import { dtypeFacts, type TypedArray } from "../base/dtype.ts";
import { checkOptions, NeuriteError } from "../base/error.ts";
import type { Shape } from "../base/shape.ts";
import { flatten, type Structure, type Tree, unflatten } from "../base/tree.ts";
import { formatType } from "../base/type.ts";
import { type AnyTensors, type Jitted, jit, random, Tensor, tensor } from "../tensor/index.ts";

/** How a dataset is cut into batches. */
export interface BatchOptions {
  /** Shuffles by this key; without one the rows keep their order. */
  readonly key?: Tensor;
  /** Leaves out a last batch that is smaller than the others. Default false. */
  readonly dropLast?: boolean;
}

/** The rows of one tensor on the host, and room for those that are being taken. */
interface Column {
  readonly type: Tensor["dtype"];
  readonly rowShape: Shape;
  readonly rowSize: number;
  readonly data: TypedArray;
  taken: TypedArray;
}

/** Rows below this size are copied element by element: the call that copies a block costs more than they do. */
const smallRow = 32;

/** Rows that can be taken by number. */
abstract class Rows {
  abstract readonly count: number;
  /** A tree of tensors; the numbers are those of rows. */
  abstract take(rows: ArrayLike<number>): unknown;
}

/** The rows of a tree of tensors. */
class Columns extends Rows {
  readonly count: number;
  private readonly columns: readonly Column[];
  private readonly structure: Structure;

  constructor(data: Tree<Tensor>) {
    super();
    const { leaves, paths, structure } = flatten(data, isTensor, "dataset");
    this.structure = structure;
    this.count = countRows(leaves, paths);
    this.columns = leaves.map(toColumn);
  }

  take(rows: ArrayLike<number>): unknown {
    return unflatten(
      this.structure,
      this.columns.map((column) => takeFrom(column, rows)),
    );
  }
}

/** Other rows, passed through a function when they are taken. */
class Mapped<T> extends Rows {
  readonly count: number;
  private readonly source: { take(rows: ArrayLike<number>): T };
  private readonly f: (rows: T) => unknown;

  constructor(count: number, source: { take(rows: ArrayLike<number>): T }, f: (rows: T) => unknown) {
    super();
    this.count = count;
    this.source = source;
    this.f = f;
  }

  take(rows: ArrayLike<number>): unknown {
    const mapped = this.f(this.source.take(rows));
    const { leaves } = flatten(mapped, isTensor, "map");
    const odd = leaves.find(({ shape }) => shape[0] !== rows.length);
    if (leaves.length > 0 && odd === undefined) return mapped;
    throw new NeuriteError({
      operation: "map",
      got: `${odd === undefined ? "no tensor" : formatType(odd)} for ${rows.length} rows`,
      expected: "tensors with a row for each",
    });
  }
}

/**
 * Examples: a tensor, or a tree of tensors, whose first axes count the same rows. It reads the data once, so that
 * taking rows by number costs no more than copying them.
 *
 * Throws a NeuriteError for a scalar, for no tensor at all, and for tensors with different numbers of rows.
 *
 * @example
 * ```ts
 * import { Dataset } from "neurite/data";
 *
 * const dataset = new Dataset([tensor([[1], [2], [3]]), tensor([0, 1, 0])]);
 * const [x, y] = dataset.take([2, 0]); // [[3], [1]] and [0, 0]
 * ```
 */
export class Dataset<T extends Tree<Tensor>> {
  /** The number of rows. */
  readonly count: number;
  /** Whether rows are computed when they are taken, by `map`. */
  readonly isMapped: boolean;
  private readonly rows: Rows;

  constructor(data: T | Rows) {
    this.rows = data instanceof Rows ? data : new Columns(data);
    this.count = this.rows.count;
    this.isMapped = this.rows instanceof Mapped;
  }

  /** The rows with these numbers, in this order. Throws a NeuriteError for a number that is no row. */
  take(rows: ArrayLike<number>): AnyTensors<T>;
  take(rows: ArrayLike<number>): unknown {
    for (let k = 0; k < rows.length; k++) {
      const row = rows[k];
      if (!(row >= 0 && row < this.count && Number.isInteger(row))) throw this.noRow(row);
    }
    return this.rows.take(rows);
  }

  /**
   * The same rows passed through a function, batch by batch when they are taken; nothing is computed before. What it returns
   * has a row for each row that it gets.
   *
   * @example
   * ```ts
   * import { Dataset } from "neurite/data";
   *
   * const bytes = new Dataset([tensor([[0], [51]], { dtype: "u8" }), tensor([0, 1])] as const);
   * const scaled = bytes.map(([x, y]) => [div(cast(x, "f32"), 255), y] as const);
   * const [x] = scaled.take([1]); // [[0.2]]
   * ```
   */
  map<U extends Tree<Tensor>>(f: (rows: AnyTensors<T>) => U): Dataset<U> {
    return new Dataset<U>(new Mapped(this.count, this, f));
  }

  /** Batches of `size` rows; the last one is smaller if the rows do not divide evenly. */
  batches(size: number, options: BatchOptions = {}): Generator<AnyTensors<T>, void> {
    checkOptions("batches", options, ["key", "dropLast"]);
    if (!Number.isInteger(size) || size < 1) {
      throw new NeuriteError({
        operation: "batches",
        got: `the size ${size}`,
        expected: "a whole number ≥ 1",
      });
    }
    const { key, dropLast = false } = options;
    const order = key === undefined ? Int32Array.from({ length: this.count }, (_, i) => i) : this.order(key);
    return this.cut(order, size, dropLast ? this.count - (this.count % size) : this.count);
  }

  /** The numbers of all rows in an order that depends on the key alone. */
  order(key: Tensor): TypedArray {
    return permute(key, this.count).dataSync();
  }

  private *cut(order: TypedArray, size: number, end: number): Generator<AnyTensors<T>, void> {
    for (let start = 0; start < end; start += size) yield this.take(order.subarray(start, start + size));
  }

  private noRow(row: number): NeuriteError {
    const expected = this.count === 0 ? "no number: there are no rows" : `a row from 0 to ${this.count - 1}`;
    return new NeuriteError({ operation: "take", got: `row ${row}`, expected });
  }
}

/**
 * The rows of a tensor, or of every tensor of a tree, with the given numbers. Who takes rows again and again makes a
 * `Dataset` once.
 *
 * @example
 * ```ts
 * import { takeRows } from "neurite/data";
 *
 * takeRows(tensor([[1, 2], [3, 4], [5, 6]]), [2, 0]); // [[5, 6], [1, 2]]
 * ```
 */
export function takeRows<T extends Tree<Tensor>>(data: T, rows: ArrayLike<number>): AnyTensors<T> {
  return new Dataset(data).take(rows);
}

/**
 * Batches of `size` rows of a tensor or a tree of tensors: all rows once, by `key` in random order, the last batch
 * smaller unless `dropLast`.
 *
 * @example
 * ```ts
 * import { batches } from "neurite/data";
 *
 * for (const [x, y] of batches([tensor([[1], [2], [3]]), tensor([0, 1, 0])], 2, { key: random.key(0) })) {
 *   console.log(x.shape, y.shape); // [2, 1] [2], then [1, 1] [1]
 * }
 * ```
 */
export function batches<T extends Tree<Tensor>>(
  data: T,
  size: number,
  options: BatchOptions = {},
): Generator<AnyTensors<T>, void> {
  return new Dataset(data).batches(size, options);
}

/**
 * The rows of a tensor, or of all tensors of a tree alike, in an order that depends on the key alone: the same on
 * every device.
 *
 * @example
 * ```ts
 * import { shuffle } from "neurite/data";
 *
 * const [x, y] = shuffle(random.key(0), [tensor([[1], [2], [3]]), tensor([0, 1, 0])]);
 * ```
 */
export function shuffle<T extends Tree<Tensor>>(key: Tensor, data: T): AnyTensors<T> {
  const dataset = new Dataset(data);
  return dataset.take(dataset.order(key));
}

const permute: Jitted<[key: Tensor, count: number], Tensor> = /*#__PURE__*/ jit(
  (key: Tensor, count: number) => random.permutation(key, count),
  { static: 1, name: "order of rows" },
);

function isTensor(value: unknown): value is Tensor {
  return value instanceof Tensor;
}

function countRows(tensors: readonly Tensor[], paths: readonly string[]): number {
  const named = (i: number): string => {
    const type = formatType(tensors[i]);
    return paths[i] === "" ? type : `${type} at '${paths[i]}'`;
  };
  const scalar = tensors.findIndex(({ shape }) => shape.length === 0);
  if (tensors.length === 0 || scalar >= 0) {
    throw new NeuriteError({
      operation: "dataset",
      got: tensors.length === 0 ? "no tensor" : `the scalar ${named(scalar)}`,
      expected: "tensors whose first axis counts the rows",
    });
  }
  const count = tensors[0].shape[0];
  const other = tensors.findIndex(({ shape }) => shape[0] !== count);
  if (other >= 0) {
    throw new NeuriteError({
      operation: "dataset",
      got: `${named(0)} and ${named(other)}`,
      expected: "the same number of rows in each",
    });
  }
  return count;
}

function toColumn(x: Tensor): Column {
  const rowShape = x.shape.slice(1);
  const rowSize = rowShape.reduce((size, extent) => size * extent, 1);
  const { create } = dtypeFacts[x.dtype];
  return { type: x.dtype, rowShape, rowSize, data: x.dataSync(), taken: create(0) };
}

// The room is kept: making a tensor copies it, and a fresh array for each batch would cost more than the copy.
function takeFrom(column: Column, rows: ArrayLike<number>): Tensor {
  const { type, rowShape, rowSize, data } = column;
  const size = rows.length * rowSize;
  if (column.taken.length < size) column.taken = dtypeFacts[type].create(size);
  const taken = column.taken.subarray(0, size);
  if (rowSize < smallRow) {
    let next = 0;
    for (let k = 0; k < rows.length; k++) {
      const start = rows[k] * rowSize;
      for (let i = start; i < start + rowSize; i++) taken[next++] = data[i];
    }
  } else {
    for (let k = 0; k < rows.length; k++) {
      const start = rows[k] * rowSize;
      taken.set(data.subarray(start, start + rowSize), k * rowSize);
    }
  }
  return tensor(taken, { dtype: type, shape: [rows.length, ...rowShape] });
}
