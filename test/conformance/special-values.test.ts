import { beforeAll, describe, test } from "vitest";
import { type DType, dtypeFacts, isFloat } from "../../src/base/dtype.ts";
import { type Shape, sameShape, sizeOf } from "../../src/base/shape.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { fromHost } from "../../src/tensor/create.ts";
import { jit } from "../../src/tensor/jit.ts";
import {
  type Case,
  casesOf,
  compared,
  compileTogether,
  drawTensor,
  expectClose,
  generator,
  primitives,
  runOn,
  toleranceOf,
} from "./harness.ts";

/** Elementwise cases: one output element for each element of every operand. */
const cases = casesOf(...primitives).filter(([, { primitive, sample }]) => {
  const { inputs, parameters } = sample;
  if (primitive.lowering.kind !== "pointwise" || inputs.length === 0) return false;
  const [output] = primitive.infer(inputs, parameters);
  const others = Object.keys(parameters).filter((key) => key !== "dtype" && key !== "word");
  return others.length === 0 && inputs.every(({ shape }) => sameShape(shape, output.shape));
});

const halves = [0, 0.5, 1, 1.5, 2, 2.5, 3, Math.PI, 31, 32, 100.75, 127.5, 255.5, 1e5, 2 ** 24 + 2];
const floats: Readonly<Record<"f32" | "f64", readonly number[]>> = {
  f32: [
    ...halves,
    2 ** 31,
    2 ** 32,
    2 ** -149,
    2 ** -126,
    3 * 2 ** -140,
    1e-30,
    2 ** 127,
    3.4028234663852886e38,
  ],
  f64: [...halves, 2 ** 31, 2 ** 32, 2 ** -1074, 2 ** -1022, 2 ** -1050, 1e-200, 2 ** 1023, Number.MAX_VALUE],
};
const integers: Readonly<Record<"i32" | "u32" | "u8" | "bool", readonly number[]>> = {
  i32: [
    0, 1, -1, 2, -2, 3, 7, -7, 31, 32, 33, -31, -32, 65536, 123456789, 2147483647, -2147483648, -2147483647,
  ],
  u32: [0, 1, 2, 3, 7, 31, 32, 33, 255, 65535, 65536, 2147483647, 2147483648, 4294967294, 4294967295],
  u8: [0, 1, 2, 3, 7, 8, 31, 32, 33, 100, 127, 128, 254, 255],
  bool: [0, 1],
};

function valuesFor(name: string, dtype: DType): readonly number[] {
  if (!isFloat(dtype)) return integers[dtype];
  const finite = [...floats[dtype], ...floats[dtype].map((value) => -value)];
  // The reduction of the argument to one period is exact up to 10⁵ only; the contract beyond is |y| ≤ 1.
  if (name === "sin" || name === "cos")
    return finite.filter((value) => Math.abs(value) <= 1e5).concat(Infinity, NaN);
  // Devices without the instruction round x·y, which must not overflow.
  if (name === "fma")
    return finite.filter((value) => Math.abs(value) <= 1e5).concat(Infinity, -Infinity, NaN);
  // Which of the NaN's patterns it is, nobody promises.
  return [...finite, Infinity, -Infinity, ...(name === "bitcast" ? [] : [NaN])];
}

/** Every combination of special values for two operands; more operands repeat the list at unlike strides. */
function specialOperands({ primitive, sample }: Case): Tensor[] {
  const lists = sample.inputs.map(({ dtype }) => valuesFor(primitive.name, dtype));
  const count = lists.slice(0, 2).reduce((product, list) => product * list.length, 1);
  const size = lists.length > 2 ? 4 * count : count;
  let stride = 1;
  return lists.map((list, i) => {
    const { dtype } = sample.inputs[i];
    const data = dtypeFacts[dtype].create(size);
    for (let k = 0; k < size; k++) data[k] = list[Math.floor(k / stride) % list.length];
    stride = i === 1 ? 7 : stride * list.length;
    return fromHost(dtype, [size], data);
  });
}

const shapes: readonly Shape[] = [
  [],
  [0],
  [1],
  [2],
  [3],
  [4],
  [5],
  [9],
  [17],
  [2, 0, 3],
  [3, 1, 5],
  [31, 33],
];

describe.each(compared)("elementwise operations on %s equal the reference", (device) => {
  beforeAll(() => {
    const special = cases.map(
      ([, each]) =>
        () =>
          each.apply(...specialOperands(each)),
    );
    const shaped = cases.flatMap(([, each]) =>
      shapes.map((shape) => () => each.apply(...shapedOperands(each, shape))),
    );
    compileTogether(device, [...special, ...shaped]);
  }, 120_000);

  test.each(cases)("for special values: %s", (_, each) => {
    const operands = specialOperands(each);
    expectClose(
      runOn(device, () => jit(each.apply)(...operands)),
      runOn("reference", () => each.apply(...operands)),
      toleranceOf(each, operands),
    );
  });

  test.each(cases)("in every shape: %s", (_, each) => {
    for (const shape of shapes) {
      const operands = shapedOperands(each, shape);
      expectClose(
        runOn(device, () => each.apply(...operands)),
        runOn("reference", () => each.apply(...operands)),
        toleranceOf(each, operands),
      );
    }
  });
});

function shapedOperands({ sample }: Case, shape: Shape): Tensor[] {
  const next = generator(sizeOf(shape));
  return sample.inputs.map((type, i) => drawTensor({ ...type, shape }, sample.ranges?.[i] ?? [0, 1], next));
}
