import type { TensorType } from "../../base/type.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";
import { lt } from "../ops/comparison.ts";
import { sum } from "../ops/structure.ts";
import type { CallParameters, CondParameters, ScanParameters, WhileParameters } from "../program/control.ts";
import type { Sample } from "../program/primitive.ts";
import type { Program } from "../program/program.ts";
import { traceClosed } from "../transforms/closed.ts";

// Nested programs have fixed types, so there is one sample per float dtype. They are made when somebody asks for them.

function inBoth<T>(make: (vector: TensorType, scalar: TensorType) => T): T[] {
  return (["f32", "f64"] as const).map((dtype) => make({ dtype, shape: [3] }, { dtype, shape: [] }));
}

const counter: TensorType = { dtype: "i32", shape: [] };

function smooth(vector: TensorType): Program {
  return traceClosed("a sample", (x, y) => [mul(mul(x, y), sum(x)), sub(x, 1)], [vector, vector]);
}

/** Samples of a checkpointed program. */
export function callSamples(): Sample<CallParameters>[] {
  return inBoth((vector) => ({ inputs: [vector, vector], parameters: { body: smooth(vector) } }));
}

/** Samples of a choice between two branches that keep unlike residuals. */
export function condSamples(): Sample<CondParameters>[] {
  return inBoth((vector) => {
    const other = traceClosed("a sample", (x, y) => [add(x, mul(y, y)), mul(y, sum(y))], [vector, vector]);
    return { inputs: [counter, vector, vector], parameters: { branches: [smooth(vector), other] } };
  });
}

/** Samples of a loop with a constant, a carry and a sequence, in both directions. */
export function scanSamples(): Sample<ScanParameters>[] {
  return inBoth((vector, scalar) => {
    const body = traceClosed("a sample", (w, h, x) => [add(mul(w, mul(h, h)), x), mul(h, sum(h))], [
      scalar,
      vector,
      scalar,
    ]);
    const sequence = { ...scalar, shape: [4] };
    return [false, true].map((reverse) => ({
      inputs: [scalar, vector, sequence],
      parameters: { constants: 1, carries: 1, length: 4, reverse, body },
      ranges: [
        [-0.5, 0.5],
        [-1, 1],
        [-1, 1],
      ] as const,
    }));
  }).flat();
}

/** Samples of a loop that counts to three; it has no reverse mode. */
export function whileSamples(): Sample<WhileParameters>[] {
  return inBoth((vector, scalar) => {
    const types = [scalar, counter, vector];
    return {
      inputs: types,
      parameters: {
        constants: 1,
        condition: traceClosed("a sample", (_, n) => [lt(n, 3)], types),
        body: traceClosed("a sample", (w, n, x) => [add(n, 1), mul(mul(w, x), x)], types),
      },
      differentiable: types.map(() => false),
    };
  });
}

/** Samples of a program with a gradient of its own, here the true one: of x · y. */
export function customSamples(): Sample<{
  body: Program;
  forward: Program;
  backward: Program;
  leaves: number;
}>[] {
  return inBoth((vector) => {
    const two = [vector, vector];
    return {
      inputs: two,
      parameters: {
        body: traceClosed("a sample", (x, y) => [mul(x, y)], two),
        forward: traceClosed("a sample", (x, y) => [mul(x, y), x, y], two),
        backward: traceClosed("a sample", (x, y, cotangent) => [mul(cotangent, y), mul(cotangent, x)], [
          ...two,
          vector,
        ]),
        leaves: 2,
      },
    };
  });
}
