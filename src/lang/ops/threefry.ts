import { NeuriteError } from "../../base/error.ts";
import { sameShape } from "../../base/shape.ts";
import { formatType } from "../../base/type.ts";
import type { Expression } from "../kernel/expression.ts";
import * as scalar from "../kernel/scalar.ts";
import type { Primitive } from "../program/primitive.ts";
import { Literal } from "../program/program.ts";
import { bind } from "../program/trace.ts";
import { allocate } from "./host.ts";
import { range } from "./offsets.ts";
import { broadcastAlong } from "./structure.ts";

// Threefry-2x32 with 20 rounds: J. Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3 (2011).
const rotations = [
  [13, 15, 26, 6],
  [17, 29, 16, 24],
] as const;
const parity = 0x1bd11bda;

/** Arithmetic on 32-bit words, of numbers or of scalar expressions. */
interface Words<W> {
  readonly add: (x: W, y: W) => W;
  readonly addNumber: (x: W, y: number) => W;
  readonly xor: (x: W, y: W) => W;
  readonly xorNumber: (x: W, y: number) => W;
  readonly rotate: (x: W, count: number) => W;
}

function rounds<W>(words: Words<W>, [key0, key1, high, low]: readonly W[]): readonly [W, W] {
  const keys = [key0, key1, words.xorNumber(words.xor(key0, key1), parity)];
  let first = words.add(high, key0);
  let second = words.add(low, key1);
  for (let group = 0; group < 5; group++) {
    for (const count of rotations[group % 2]) {
      first = words.add(first, second);
      second = words.xor(words.rotate(second, count), first);
    }
    first = words.add(first, keys[(group + 1) % 3]);
    second = words.addNumber(words.add(second, keys[(group + 2) % 3]), group + 1);
  }
  return [first, second];
}

const onNumbers: Words<number> = {
  add: (x, y) => (x + y) >>> 0,
  addNumber: (x, y) => (x + y) >>> 0,
  xor: (x, y) => (x ^ y) >>> 0,
  xorNumber: (x, y) => (x ^ y) >>> 0,
  rotate: (x, count) => ((x << count) | (x >>> (32 - count))) >>> 0,
};

const onExpressions: Words<Expression> = {
  add: scalar.add,
  addNumber: scalar.add,
  xor: scalar.xor,
  xorNumber: scalar.xor,
  rotate: (x, count) => scalar.or(scalar.shl(x, count), scalar.shr(x, 32 - count)),
};

/** Which word of the pair, or both words combined by exclusive or. */
export type ThreefryWord = "first" | "second" | "both";

function choose<W>(words: Words<W>, [first, second]: readonly [W, W], word: ThreefryWord): W {
  if (word === "both") return words.xor(first, second);
  return word === "first" ? first : second;
}

/** The counter-based generator, elementwise on u32 operands: key word 0, key word 1, counter high, counter low. */
export const threefryPrimitive: Primitive<{ readonly word: ThreefryWord }> = {
  name: "threefry",
  infer(inputs) {
    const shaped = inputs.find((input) => input.shape.length > 0) ?? inputs[0];
    const fits = inputs.every(
      ({ dtype, shape }) => dtype === "u32" && (shape.length === 0 || sameShape(shape, shaped.shape)),
    );
    if (!fits || inputs.length !== 4) {
      throw new NeuriteError({
        operation: "threefry",
        got: inputs.map(formatType).join(", "),
        expected: "four u32 operands of one shape",
      });
    }
    return [shaped];
  },
  batch({ inputs, batched, size, parameters }) {
    const operands = inputs.map((operand, i) =>
      operand instanceof Literal || batched[i]
        ? operand
        : broadcastAlong(operand, [size, ...operand.shape], range(1, operand.shape.length + 1)),
    );
    return bind(threefryPrimitive, operands, parameters);
  },
  reference({ inputs, outputs: [type], parameters: { word } }) {
    const result = allocate(type);
    for (let i = 0; i < result.length; i++) {
      const operands = inputs.map(({ shape, data }) => data[shape.length === 0 ? 0 : i]);
      result[i] = choose(onNumbers, rounds(onNumbers, operands), word);
    }
    return [result];
  },
  lowering: {
    kind: "pointwise",
    value({ inputs, parameters: { word } }, at, read) {
      const operands = inputs.map((_, i) => read(i, at));
      return choose(onExpressions, rounds(onExpressions, operands), word);
    },
  },
  costly: true,
  samples: /*#__PURE__*/ (["first", "second", "both"] as const).map((word) => ({
    inputs: range(0, 4).map(() => ({ dtype: "u32", shape: [3, 2] })),
    parameters: { word },
    ranges: range(0, 4).map(() => [0, 4294967295] as const),
  })),
};
