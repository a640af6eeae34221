import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import "../../../test/on-reference.ts";
import type { DType } from "../../base/dtype.ts";
import { add, mul, neg } from "../ops/arithmetic.ts";
import { stack } from "../ops/arrays.ts";
import { tanh } from "../ops/exponential.ts";
import { square } from "../ops/mathematics.ts";
import { matmul } from "../ops/matmul.ts";
import { key, normal } from "../ops/random.ts";
import { sum, transpose } from "../ops/structure.ts";
import { Program } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { trace } from "../program/trace.ts";
import { verifyProgram } from "../program/verify.ts";
import { grad } from "../transforms/gradient.ts";
import { hessian } from "../transforms/jacobian.ts";
import { vmap } from "../transforms/vectorize.ts";
import { scan } from "./scan.ts";

const dtype: DType = "f64";
const random = (seed: number, ...shape: number[]): Tensor => mul(normal(key(seed), shape, { dtype }), 0.5);

const [steps, batch, inputs, units] = [5, 3, 4, 2];
const xs = random(1, steps, batch, inputs);
const W = random(2, inputs, units);
const U = random(3, units, units);
const V = random(4, units, 3);
const b = random(5, units);
const start = random(6, batch, units);

/** h ← tanh(x·W + h·U + b), y = h·V, as in lecture 1's recurrent networks. */
function cell(h: Tensor, x: Tensor, [W, U, V, b]: readonly Tensor[]): [Tensor, Tensor] {
  const next = tanh(add(add(matmul(x, W), matmul(h, U)), b));
  return [next, matmul(next, V)];
}

function recurrent(reverse: boolean, weights: readonly Tensor[], sequence: Tensor): Tensor {
  const [last, ys] = scan((h, x) => cell(h, x, weights), start, sequence, { reverse });
  return add(sum(last), sum(square(ys)));
}

function unrolled(reverse: boolean, weights: readonly Tensor[], rows: readonly Tensor[]): Tensor {
  let h = start;
  let total = tensor(0, { dtype });
  for (const x of reverse ? [...rows].reverse() : rows) {
    const [next, y] = cell(h, x, weights);
    h = next;
    total = add(total, sum(square(y)));
  }
  return add(sum(h), total);
}

const rowsOf = (x: Tensor): Tensor[] =>
  Array.from({ length: x.shape[0] }, (_, t) => {
    const size = x.shape.slice(1).reduce((a, c) => a * c, 1);
    return tensor(x.dataSync().slice(t * size, (t + 1) * size), { shape: x.shape.slice(1), dtype });
  });

/** For each program, from the outermost: how many products of matrices it has. */
function productsByDepth(program: Program, depth = 0, found: number[] = []): number[] {
  found[depth] ??= 0;
  for (const { primitive, parameters } of program.equations) {
    if (primitive.lowering.kind === "contraction") found[depth]++;
    if (parameters.body instanceof Program) productsByDepth(parameters.body, depth + 1, found);
  }
  return found;
}

function productsOf(f: (...x: Tensor[]) => Tensor[], args: readonly Tensor[]): number[] {
  const { program } = trace(f, args, { name: "f" });
  verifyProgram(program);
  return productsByDepth(program);
}

function expectClose(got: Tensor, wanted: Tensor): void {
  expect(got.shape).toEqual(wanted.shape);
  const expected = wanted.dataSync();
  for (const [i, value] of got.dataSync().entries()) {
    expect(Math.abs(value - expected[i])).toBeLessThan(1e-12 * Math.max(1, Math.abs(expected[i])));
  }
}

describe("what a scan computes outside its loop", () => {
  it("projects the inputs before and the outputs after it: one product is left in the loop", () => {
    const f = (...weights: Tensor[]): Tensor[] => [recurrent(false, weights, xs)];
    expect(productsOf(f, [W, U, V, b])).toEqual([2, 1]);
  });

  it("makes the gradients of all weights one product each, after the backward loop", () => {
    const f = (...weights: Tensor[]): Tensor[] =>
      grad((...w: Tensor[]) => recurrent(false, w, xs), [0, 1, 2, 3])(...weights);
    // Two before and after the loop, their three gradients and those of W and U; in the loops h·U and δ·Uᵀ.
    expect(productsOf(f, [W, U, V, b])).toEqual([6, 2]);
  });

  it.each([false, true])("changes no value and no gradient, reverse %s", (reverse) => {
    const rows = rowsOf(xs);
    const weights = [W, U, V, b];
    expectClose(recurrent(reverse, weights, xs), unrolled(reverse, weights, rows));
    const got = grad((...w: Tensor[]) => recurrent(reverse, w, xs), [0, 1, 2, 3])(...weights);
    const wanted = grad((...w: Tensor[]) => unrolled(reverse, w, rows), [0, 1, 2, 3])(...weights);
    for (const [i, gradient] of got.entries()) expectClose(gradient, wanted[i]);
    const inputGradient = grad((x: Tensor) => recurrent(reverse, weights, x))(xs);
    const rowGradients = grad((x: Tensor[]) => unrolled(reverse, weights, x))(rows);
    expectClose(inputGradient, stack(rowGradients, 0));
  });

  it("changes no second derivative", () => {
    const got = hessian((u: Tensor) => recurrent(false, [W, u, V, b], xs))(U);
    const wanted = hessian((u: Tensor) => unrolled(false, [W, u, V, b], rowsOf(xs)))(U);
    expectClose(got, wanted);
  });

  it("works batched", () => {
    const many = random(7, 2, steps, batch, inputs);
    const got = vmap((x: Tensor) => grad((u: Tensor) => recurrent(false, [W, u, V, b], x))(U))(many);
    for (const [i, x] of rowsOf(many).entries()) {
      const wanted = grad((u: Tensor) => recurrent(false, [W, u, V, b], x))(U);
      expectClose(rowsOf(got)[i], wanted);
    }
  });

  it("sums products of any signs and orders in carries of their own", () => {
    const f = (initial: Tensor): Tensor => {
      const [[h, total]] = scan(
        ([h, total]: Tensor[], x: Tensor): [Tensor[], undefined] => {
          const term = add(neg(transpose(matmul(transpose(x), h))), transpose(matmul(W, U)));
          return [[mul(h, 0.5), add(total, term)], undefined];
        },
        [start, initial],
        xs,
      );
      return add(sum(h), sum(square(total)));
    };
    const expected = (initial: Tensor): Tensor => {
      let [h, total] = [start, initial];
      for (const x of rowsOf(xs)) {
        total = add(total, add(neg(transpose(matmul(transpose(x), h))), transpose(matmul(W, U))));
        h = mul(h, 0.5);
      }
      return add(sum(h), sum(square(total)));
    };
    const initial = random(8, units, inputs);
    expectClose(f(initial), expected(initial));
    expectClose(grad(f)(initial), grad(expected)(initial));
    expect(productsOf((x) => [f(x)], [initial])).toEqual([2, 0]);
  });

  it("leaves a loop alone whose sum another step reads", () => {
    const f = (w: Tensor): Tensor[] => {
      const [total] = scan((c: Tensor, x: Tensor) => [add(c, matmul(x, w)), sum(c)], start, xs);
      return [total];
    };
    expect(productsOf(f, [W])).toEqual([1, 0]);
    const g = (w: Tensor): Tensor[] => {
      const [total] = scan(
        (c: Tensor, x: Tensor) => [add(c, matmul(add(x, sum(c)), w)), undefined],
        start,
        xs,
      );
      return [total];
    };
    expect(productsOf(g, [W])).toEqual([0, 1]);
  });
});
