import { type DType, dtypeFacts, dtypes, isFloat, roundTo, type TypedArray } from "../base/dtype.ts";
import { checkOptions, NeuriteError, unknownName } from "../base/error.ts";
import { checkShape, formatShape, type Shape, sizeOf } from "../base/shape.ts";
import { Tensor } from "../lang/program/tensor.ts";
import { Storage } from "./storage.ts";

/** What `tensor` reads: a number, a truth value, a typed array, or nested arrays of these scalars. */
export type TensorData = number | boolean | TypedArray | readonly TensorData[];

/** Options of `tensor`. */
export interface TensorOptions<S extends Shape = Shape, D extends DType = DType> {
  /** Default: bool for truth values, the element type of a typed array, otherwise f32. */
  readonly dtype?: D;
  /** Default: the nesting of the arrays; `[length]` for a typed array. */
  readonly shape?: S;
}

/**
 * Makes a tensor from a number, nested arrays or a typed array (which is copied).
 *
 * Numbers are rounded to the dtype; float to integer truncates and saturates. Throws for ragged arrays, for a shape
 * that does not hold the elements, for an unknown dtype, and for numbers mixed with truth values unless a dtype is given.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2, 3], [4, 5, 6]]);
 * const labels = tensor([0, 2, 1], { dtype: "i32" });
 * const image = tensor(new Float32Array(12), { shape: [2, 2, 3] });
 * ```
 */
export function tensor(data: TensorData): Tensor;
export function tensor<const S extends Shape = Shape, D extends DType = DType>(
  data: TensorData,
  options: TensorOptions<S, D>,
): Tensor<S, D>;
export function tensor(data: TensorData, options: TensorOptions = {}): Tensor {
  checkOptions("tensor", options, ["dtype", "shape"]);
  const { dtype: wanted } = options;
  if (wanted !== undefined && !dtypes.includes(wanted)) throw unknownName("tensor: dtype", wanted, dtypes);
  const elements = isTypedArray(data) ? readTyped(data) : readNested(data, wanted);
  const dtype = wanted ?? elements.dtype;
  return new Tensor(dtype, chooseShape(elements, options.shape), new Storage(convert(elements, dtype)));
}

/** Wraps an array that nobody else writes to, without a copy. */
export function fromHost(dtype: DType, shape: Shape, host: TypedArray): Tensor {
  return new Tensor(dtype, shape, new Storage(host));
}

interface Elements {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly values: ArrayLike<number>;
}

function isTypedArray(data: unknown): data is TypedArray {
  return ArrayBuffer.isView(data);
}

function readTyped(data: TypedArray): Elements {
  const shape = [data.length];
  if (data instanceof Float32Array) return { dtype: "f32", shape, values: data };
  if (data instanceof Float64Array) return { dtype: "f64", shape, values: data };
  if (data instanceof Int32Array) return { dtype: "i32", shape, values: data };
  if (data instanceof Uint32Array) return { dtype: "u32", shape, values: data };
  if (data instanceof Uint8Array) return { dtype: "u8", shape, values: data };
  throw new NeuriteError({
    operation: "tensor",
    got: `a ${nameOf(data)}`,
    expected: "a Float32Array, Float64Array, Int32Array, Uint32Array or Uint8Array",
    hint: "convert it, for instance with Float32Array.from(data)",
  });
}

function readNested(data: TensorData, wanted: DType | undefined): Elements {
  const shape: number[] = [];
  for (let node: TensorData | undefined = data; isList(node); node = node[0]) shape.push(node.length);
  const values: number[] = [];
  let truths = 0;
  const visit = (node: TensorData, axis: number, path: readonly number[]): void => {
    if (isList(node)) {
      if (axis === shape.length || node.length !== shape[axis]) throw ragged(node, path, shape.slice(axis));
      if (axis === shape.length - 1 && node.every((item) => typeof item === "number")) {
        for (const item of node) values.push(Number(item));
      } else for (const [i, child] of node.entries()) visit(child, axis + 1, [...path, i]);
      return;
    }
    if (typeof node !== "number" && typeof node !== "boolean") throw notNumber(node, path);
    if (axis < shape.length) throw ragged(node, path, shape.slice(axis));
    if (typeof node === "boolean") truths++;
    values.push(Number(node));
  };
  visit(data, 0, []);
  if (wanted === undefined && truths > 0 && truths < values.length) {
    throw new NeuriteError({
      operation: "tensor",
      got: "numbers mixed with truth values",
      expected: "elements of one kind",
      hint: "name the dtype: tensor(data, { dtype: 'f32' })",
    });
  }
  return { dtype: truths > 0 ? "bool" : "f32", shape, values };
}

function isList(node: TensorData | undefined): node is TypedArray | readonly TensorData[] {
  return Array.isArray(node) || isTypedArray(node);
}

function chooseShape(elements: Elements, wanted: Shape | undefined): Shape {
  if (wanted === undefined) return elements.shape;
  checkShape("tensor", wanted);
  if (sizeOf(wanted) !== elements.values.length) {
    throw new NeuriteError({
      operation: "tensor",
      got: `${elements.values.length} elements for shape ${formatShape(wanted)}`,
      expected: `${sizeOf(wanted)} elements`,
    });
  }
  return [...wanted];
}

function convert({ dtype: given, values }: Elements, dtype: DType): TypedArray {
  const array = dtypeFacts[dtype].create(values.length);
  if (isFloat(dtype) || (given === dtype && dtype !== "bool")) array.set(values);
  else for (let i = 0; i < values.length; i++) array[i] = roundTo(dtype, values[i]);
  return array;
}

function ragged(node: TensorData, path: readonly number[], expected: Shape): NeuriteError {
  return new NeuriteError({
    operation: "tensor",
    got: `ragged data: ${isList(node) ? `${node.length} elements` : `the scalar ${node}`} at ${place(path)}`,
    expected: expected.length === 0 ? "a number, as its neighbours are" : `shape ${formatShape(expected)}`,
    hint: "all arrays at one depth must have the same length; padSequences of neurite/data fills up short ones",
  });
}

function notNumber(node: unknown, path: readonly number[]): NeuriteError {
  const got = typeof node === "object" && node !== null ? `a ${nameOf(node)}` : `${typeof node} ${node}`;
  return new NeuriteError({
    operation: "tensor",
    got: `${got} at ${place(path)}`,
    expected: "a number, a truth value, a typed array, or nested arrays of these",
    ...(node instanceof Tensor ? { hint: "join tensors with stack" } : {}),
  });
}

function nameOf(value: object): string {
  return value.constructor?.name ?? "object";
}

function place(path: readonly number[]): string {
  return path.length === 0 ? "the top" : path.map((index) => `[${index}]`).join("");
}
