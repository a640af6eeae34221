import { type DType, dtypeFacts, type TypedArray } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import { axisCoordinate, type Coordinate, type Guard } from "../../../lang/kernel/coordinate.ts";
import type { Expression, Load } from "../../../lang/kernel/expression.ts";
import { interpretKernel } from "../../../lang/kernel/interpret.ts";
import type { Contraction, Store } from "../../../lang/kernel/kernel.ts";
import { verifyKernel } from "../../../lang/kernel/verify.ts";

/** A contraction and the lengths of its buffers. */
export interface ContractionCase {
  readonly contraction: Contraction;
  readonly lengths: readonly number[];
}

/** A contraction on random data, and what its interpretation gives. */
export interface CheckedCase {
  readonly contraction: Contraction;
  readonly dtypes: readonly DType[];
  readonly arrays: readonly TypedArray[];
  /** Throws if results are not those of the interpretation. */
  compare(actual: readonly TypedArray[]): void;
}

/** Interprets a contraction on random data. */
export function prepare({ contraction, lengths }: ContractionCase): CheckedCase {
  verifyKernel(contraction);
  const dtypes = contraction.buffers.map((buffer) => buffer.dtype);
  const arrays = lengths.map((length, k) => randomArray(dtypes[k], length));
  const expected = arrays.map((array) => array.slice());
  interpretKernel(contraction, expected, new Set());
  const tolerance = (contraction.dtype === "f32" ? 8e-7 : 4e-15) * Math.sqrt(sizeOf(contraction.depth) + 4);
  const compare = (actual: readonly TypedArray[]): void => {
    expected.forEach((array, k) => {
      const error = largestError(array, actual[k]);
      if (error > tolerance)
        throw new RangeError(`buffer ${k} of ${contraction.name}: error ${error} > ${tolerance}`);
    });
  };
  return { contraction, dtypes, arrays, compare };
}

let seed = 1;
/** A reproducible random number from −0.5 to 0.5. */
export function random(): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return seed / 0x7fffffff - 0.5;
}

/** An array of random numbers, small integers for integer types. */
export function randomArray(dtype: DType, length: number): TypedArray {
  const array = dtypeFacts[dtype].create(length);
  for (let k = 0; k < length; k++)
    array[k] = dtype === "f32" || dtype === "f64" ? random() : Math.round(random() * 100);
  return array;
}

// The largest error, relative to the largest number if that is above 1.
function largestError(expected: TypedArray, actual: TypedArray): number {
  let largest = 0;
  let scale = 1;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(expected[i] - actual[i]);
    largest = Math.max(largest, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return largest / scale;
}

/** A load that fills with 0. */
export function load(dtype: DType, buffer: number, index: Coordinate, guards: readonly Guard[] = []): Load {
  return { kind: "load", dtype, buffer, index, guards, fill: 0 };
}

/** A store of every point. */
export function store(buffer: number, index: Coordinate, value: Expression): Store {
  return { kind: "store", level: "outer", mode: "set", buffer, index, guards: [], value };
}

/** The coordinates of some axes. */
export const axes = (...numbers: number[]): Coordinate[] => numbers.map(axisCoordinate);
