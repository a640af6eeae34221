// What all conformance files share: the table of cases, their operands, the devices, and the rule of comparison.
import { expect } from "vitest";
import "../on-reference.ts";
import { type DType, dtypeFacts, dtypes, isFloat, type TypedArray } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import type { TensorType } from "../../src/base/type.ts";
import { primitives as controlPrimitives } from "../../src/lang/control/index.ts";
import { abs, cast, primitives as operationPrimitives } from "../../src/lang/ops/index.ts";
import type { Primitive, Sample } from "../../src/lang/program/primitive.ts";
import { printParameters } from "../../src/lang/program/print.ts";
import { Program } from "../../src/lang/program/program.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { bind } from "../../src/lang/program/trace.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { devices, getDevice, setDevice } from "../../src/tensor/devices.ts";
import { jit } from "../../src/tensor/jit.ts";

/** Every primitive of the language. */
export const primitives: readonly Primitive[] = [...operationPrimitives, ...controlPrimitives];

/** One primitive with parameters and operand types. */
export interface Case {
  readonly name: string;
  readonly primitive: Primitive;
  readonly sample: Sample;
  /** The primitive on prepared operands. */
  readonly apply: (...operands: Tensor[]) => Tensor[];
}

/** The samples of primitives in every dtype that they accept in place of their floats; names come first, for `test.each`. */
export function casesOf(...from: readonly Primitive[]): [name: string, each: Case][] {
  return from.flatMap(casesOfOne).map((each) => [each.name, each]);
}

function casesOfOne(primitive: Primitive): Case[] {
  const seen = new Set<string>();
  return (primitive.samples ?? []).flatMap((sample) =>
    dtypesFor(sample).flatMap((dtype) => {
      const typed = dtype === undefined ? sample : retyped(sample, dtype);
      const operands = typed.inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(" ");
      const name = `${primitive.name}${short(typed)} ${operands}`;
      if (seen.has(name) || !accepts(primitive, typed)) return [];
      seen.add(name);
      const apply = (...inputs: Tensor[]): Tensor[] => bind(primitive, inputs, typed.parameters);
      return [{ name, primitive, sample: typed, apply }];
    }),
  );
}

// Programs inside parameters have fixed types.
function dtypesFor({ inputs, parameters }: Sample): readonly (DType | undefined)[] {
  const hasProgram = Object.values(parameters)
    .flat()
    .some((value) => value instanceof Program);
  return hasProgram || !inputs.some(({ dtype }) => isFloat(dtype)) ? [undefined] : dtypes;
}

function short({ parameters }: Sample): string {
  const plain = Object.entries(parameters).filter(([, value]) => ![value].flat().some(isOpaque));
  return printParameters(Object.fromEntries(plain));
}

function isOpaque(value: unknown): boolean {
  return value instanceof Program;
}

/** The sample with another dtype in place of its floats. */
function retyped(sample: Sample, dtype: DType): Sample {
  const inputs = sample.inputs.map((type) => (isFloat(type.dtype) ? { ...type, dtype } : type));
  return { ...sample, inputs };
}

function accepts(primitive: Primitive, { inputs, parameters, prepare }: Sample): boolean {
  // What `prepare` makes is a matrix of floats.
  if (prepare !== undefined && !inputs.every(({ dtype }) => isFloat(dtype))) return false;
  try {
    primitive.infer(inputs, parameters);
    return true;
  } catch {
    return false;
  }
}

/** Numbers in [0, 1) that look random: the same for the same seed. */
export function generator(seed: number): () => number {
  let state = seed + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** A tensor of a type with values from an interval. */
export function drawTensor(
  { dtype, shape }: TensorType,
  [low, high]: readonly [number, number],
  next: () => number,
): Tensor {
  const data = dtypeFacts[dtype].create(sizeOf(shape));
  // Integers and truth values take both ends of the interval.
  const width = isFloat(dtype) ? high - low : high - low + 1;
  const ceiling = dtype === "bool" ? 1 : high;
  for (let i = 0; i < data.length; i++) {
    const value = low + width * next();
    data[i] = isFloat(dtype)
      ? value
      : Math.min(ceiling, Math.max(dtype === "i32" ? low : 0, Math.floor(value)));
  }
  return fromHost(dtype, shape, data);
}

/** Operands of a sample, prepared. */
export function draw({ inputs, ranges, prepare }: Sample, seed: number): Tensor[] {
  const next = generator(seed);
  const drawn = inputs.map((type, i) =>
    drawTensor(
      type,
      ranges?.[i] ?? (isFloat(type.dtype) ? [-2, 2] : [0, type.dtype === "bool" ? 1 : 5]),
      next,
    ),
  );
  return [...(prepare?.(drawn) ?? drawn)];
}

/** The devices that are compared with the reference; one that is missing here is skipped, and says why. */
export const compared: readonly string[] = devices().flatMap(({ name, available, reason }) => {
  // Relaxed instructions are in the register tile of contractions only, which the trajectories run through.
  if (name === "reference" || name === "wasm-relaxed") return [];
  if (!available) console.warn(`conformance: device '${name}' is skipped: ${reason}`);
  return available ? [name] : [];
});

/** Runs `f` on a device and gives back what it returned as plain arrays. */
export function runOn(device: string, f: () => readonly Tensor[]): Values[] {
  const before = getDevice();
  setDevice(device);
  try {
    return f().map((tensor) => ({ dtype: tensor.dtype, shape: tensor.shape, data: tensor.dataSync() }));
  } finally {
    setDevice(before);
  }
}

/** The elements of a tensor. */
export interface Values extends TensorType {
  readonly data: TypedArray;
}

/** The largest allowed |got − wanted| for each element; "bits": none, and −0 is not 0. */
export type Tolerance = "bits" | ((wanted: Values, output: number, element: number) => number);

/** Units in the last place of the number, denormals included. */
export function ulpOf(dtype: DType, value: number): number {
  const [smallest, digits] = dtype === "f32" ? [-126, 23] : [-1022, 52];
  const size = Math.abs(value);
  if (!Number.isFinite(size)) return 0;
  return 2 ** (Math.max(smallest, size === 0 ? smallest : Math.floor(Math.log2(size))) - digits);
}

// Correctly rounded or free of rounding: + − × ÷ √, comparisons, movement, choice. All integers are exact as well.
const exact = new Set(
  "abs add ceil div floor maximum minimum mul neg rem round sign sub trunc sqrt relu argmax argmin max min eq ge gt le lt ne concatenate dynamicSlice dynamicUpdateSlice iota flip pad slice full select broadcast transpose gather windowMax windowSelect bitcast cast".split(
    " ",
  ),
);

/**
 * How far a device may be from the reference.
 *
 * Other pointwise operations: the compiled polynomials are within 2 ulp, as is the reference in f32; in f64 the series
 * of its erf and erfInv lose a few more.
 * Sums and products of n terms, in any order: n u Σ |terms|, where the reference computes Σ |terms| from |operands|.
 */
export function toleranceOf({ primitive, apply, sample }: Case, operands: readonly Tensor[]): Tolerance {
  const { kind } = primitive.lowering;
  const isSet = sample.parameters.mode === "set";
  if (exact.has(primitive.name) || kind === "alias" || kind === "barrier" || kind === "routine" || isSet) {
    return "bits";
  }
  if (kind === "pointwise" && primitive.name !== "fma") {
    const ulps = { f32: 3, f64: 8 };
    return ({ dtype, data }, _, i) => (isFloat(dtype) ? ulps[dtype] * ulpOf(dtype, data[i]) : 0);
  }
  const terms = Math.max(...operands.map(({ shape }) => sizeOf(shape)));
  const sizes = runOn("reference", () =>
    apply(...operands.map((x) => (isFloat(x.dtype) ? cast(abs(cast(x, "f64")), x.dtype) : x))),
  );
  return ({ dtype }, k, i) => (isFloat(dtype) ? terms * ulpOf(dtype, sizes[k].data[i]) : 0);
}

/** Expects the same types, and elements within the tolerance; NaN equals NaN. */
export function expectClose(got: readonly Values[], wanted: readonly Values[], tolerance: Tolerance): void {
  expect(got.map(({ dtype, shape }) => ({ dtype, shape }))).toEqual(
    wanted.map(({ dtype, shape }) => ({ dtype, shape })),
  );
  for (const [k, output] of wanted.entries()) {
    for (let i = 0; i < output.data.length; i++) {
      const [a, b] = [got[k].data[i], output.data[i]];
      if (Object.is(a, b)) continue;
      const limit = tolerance === "bits" ? -1 : tolerance(output, k, i);
      if (!(Math.abs(a - b) <= limit)) {
        expect.fail(
          `output ${k}, element ${i} of [${output.shape}]: ${show(a)}, expected ${show(b)} ± ${limit}`,
        );
      }
    }
  }
}

function show(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** After so many milliseconds no further random program is tried: a device that calls a C compiler takes long for each. */
export const patience = 6_000;

/**
 * Compiles many runs as a few programs, so that a device with a compiler to call seldom starts it; their kernels are then
 * at hand for each run by itself. For `beforeAll`.
 */
export function compileTogether(device: string, runs: readonly (() => readonly Tensor[])[]): void {
  for (let first = 0; first < runs.length; first += 100) {
    const some = runs.slice(first, first + 100);
    runOn(device, () => jit(() => some.flatMap((run) => [...run()]))());
  }
}
