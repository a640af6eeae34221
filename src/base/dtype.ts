/** The element types of tensors: floats, signed and unsigned integers, bytes and truth values. */
export type DType = "f32" | "f64" | "i32" | "u32" | "u8" | "bool";

/** A typed array that holds the elements of one tensor; `bool` is stored as bytes 0 and 1. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

interface DTypeFacts {
  readonly bytes: 1 | 4 | 8;
  readonly kind: "float" | "integer" | "bool";
  readonly create: (length: number) => TypedArray;
  readonly view: (buffer: ArrayBufferLike, byteOffset: number, length: number) => TypedArray;
}

/** What is known of each element type: its size, its kind and its typed array. */
export const dtypeFacts: Readonly<Record<DType, DTypeFacts>> = {
  f32: {
    bytes: 4,
    kind: "float",
    create: (length) => new Float32Array(length),
    view: (buffer, byteOffset, length) => new Float32Array(buffer, byteOffset, length),
  },
  f64: {
    bytes: 8,
    kind: "float",
    create: (length) => new Float64Array(length),
    view: (buffer, byteOffset, length) => new Float64Array(buffer, byteOffset, length),
  },
  i32: {
    bytes: 4,
    kind: "integer",
    create: (length) => new Int32Array(length),
    view: (buffer, byteOffset, length) => new Int32Array(buffer, byteOffset, length),
  },
  u32: {
    bytes: 4,
    kind: "integer",
    create: (length) => new Uint32Array(length),
    view: (buffer, byteOffset, length) => new Uint32Array(buffer, byteOffset, length),
  },
  u8: {
    bytes: 1,
    kind: "integer",
    create: (length) => new Uint8Array(length),
    view: (buffer, byteOffset, length) => new Uint8Array(buffer, byteOffset, length),
  },
  bool: {
    bytes: 1,
    kind: "bool",
    create: (length) => new Uint8Array(length),
    view: (buffer, byteOffset, length) => new Uint8Array(buffer, byteOffset, length),
  },
};

/** All element types, in the order of the documentation. */
export const dtypes: readonly DType[] = ["f32", "f64", "i32", "u32", "u8", "bool"];

/** True for f32 and f64. */
export function isFloat(dtype: DType): dtype is "f32" | "f64" {
  return dtypeFacts[dtype].kind === "float";
}

/** True for i32, u32 and u8. */
export function isInteger(dtype: DType): dtype is "i32" | "u32" | "u8" {
  return dtypeFacts[dtype].kind === "integer";
}

/** Rounds a number to the nearest value of an element type; float to integer saturates, NaN becomes 0. */
export function roundTo(dtype: DType, value: number): number {
  switch (dtype) {
    case "f32":
      return Math.fround(value);
    case "f64":
      return value;
    case "i32":
      return saturate(value, -2147483648, 2147483647);
    case "u32":
      return saturate(value, 0, 4294967295);
    case "u8":
      return saturate(value, 0, 255);
    case "bool":
      return value !== 0 ? 1 : 0;
  }
}

function saturate(value: number, low: number, high: number): number {
  // + 0 turns −0, which is no integer, into 0.
  return Number.isNaN(value) ? 0 : Math.min(high, Math.max(low, Math.trunc(value))) + 0;
}
