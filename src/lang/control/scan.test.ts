import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import "../../../test/on-reference.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";
import { matmul } from "../ops/matmul.ts";
import { sum } from "../ops/structure.ts";
import type { Tensor } from "../program/tensor.ts";
import { trace } from "../program/trace.ts";
import { verifyProgram } from "../program/verify.ts";
import { jvp } from "../transforms/directional.ts";
import { grad } from "../transforms/gradient.ts";
import { hessian, jacobian, jacobianForward } from "../transforms/jacobian.ts";
import { vmap } from "../transforms/vectorize.ts";
import { scan } from "./scan.ts";

const f64 = (data: number[] | number[][]): Tensor => tensor(data, { dtype: "f64" });

/** h ← w·h·h + x, a nonlinear recurrence; the loss reads the last carry and all results. */
function recurrence(w: Tensor, xs: Tensor): Tensor {
  const [last, ys] = scan(
    (h, x) => {
      const next = add(mul(w, mul(h, h)), x);
      return [next, mul(h, x)];
    },
    f64([0.5]),
    xs,
  );
  return add(sum(last), sum(mul(ys, ys)));
}

/** The same, unrolled in plain arithmetic of tensors. */
function unrolled(w: Tensor, rows: readonly Tensor[]): Tensor {
  let h: Tensor = f64([0.5]);
  let total: Tensor = f64([0]);
  for (const x of rows) {
    const y = mul(h, x);
    total = add(total, mul(y, y));
    h = add(mul(w, mul(h, h)), x);
  }
  return sum(add(h, total));
}

const w = f64([0.7]);
const data = [[0.3], [-0.2], [0.5], [0.1]];
const xs = f64(data);
const rows = data.map((row) => f64(row));

const close = (got: unknown, expected: unknown): void => {
  const flat = (value: unknown): number[] => (Array.isArray(value) ? value.flatMap(flat) : [Number(value)]);
  const [a, b] = [flat(got), flat(expected)];
  expect(a.length).toBe(b.length);
  for (const [i, value] of a.entries()) expect(value).toBeCloseTo(b[i], 12);
};

describe("scan", () => {
  it("carries and stacks", () => {
    const [total, sums] = scan((c, x) => [add(c, x), add(c, x)], 0, tensor([1, 2, 3]));
    expect([total.dtype, total.item(), sums.toArray()]).toEqual(["f32", 6, [1, 3, 6]]);
    const [, back] = scan((c, x) => [add(c, x), add(c, x)], 0, tensor([1, 2, 3]), { reverse: true });
    expect(back.toArray()).toEqual([6, 5, 3]);
  });

  it("takes trees, captured tensors and no sequence", () => {
    const step = tensor(2);
    const [state, ys] = scan(
      (s) => [{ a: add(s.a, step), n: add(s.n, 1) }, undefined],
      { a: tensor(1), n: tensor(0, { dtype: "i32" }) },
      undefined,
      { length: 3 },
    );
    expect([state.a.item(), state.n.item(), state.n.dtype, ys]).toEqual([7, 3, "i32", undefined]);
  });

  it("runs no step", () => {
    const [c, ys] = scan((s, x) => [add(s, x), x], tensor(4), tensor([]));
    expect([c.item(), ys.shape]).toEqual([4, [0]]);
  });

  it("differentiates like the unrolled loop, to second order", () => {
    close(recurrence(w, xs).toArray(), unrolled(w, rows).toArray());
    const unrolledGrad = grad(unrolled)(w, rows).toArray();
    close(grad(recurrence)(w, xs).toArray(), unrolledGrad);
    close(jvp((v: Tensor) => recurrence(v, xs), [w], [f64([1])])[1].item(), unrolledGrad);
    close(jacobianForward(recurrence)(w, xs).toArray(), unrolledGrad);
    const dxs = grad((r: Tensor[]) => unrolled(w, r))(rows).map((row) => row.toArray());
    close(grad(recurrence, 1)(w, xs).toArray(), dxs);

    const second = grad((v: Tensor) => sum(grad(unrolled)(v, rows)))(w).toArray();
    close(grad((v: Tensor) => sum(grad(recurrence)(v, xs)))(w).toArray(), second);
    close(hessian(recurrence)(w, xs).toArray(), second);
    close(jacobian(grad(recurrence))(w, xs).toArray(), second);
    const mixed = jacobian((r: Tensor) => grad(recurrence)(w, r))(xs);
    const mixedUnrolled = jacobian((r: Tensor[]) => grad(unrolled)(w, r))(rows);
    close(
      mixed.toArray(),
      mixedUnrolled.map((row) => row.toArray()),
    );
  });

  it("differentiates to third order", () => {
    const g = (f: (v: Tensor) => Tensor) => grad((v: Tensor) => sum(f(v)));
    const third = g(g(g((v) => unrolled(v, rows))))(w).toArray();
    close(g(g(g((v) => recurrence(v, xs))))(w).toArray(), third);
  });

  it("differentiates inside its body", () => {
    // Gradient descent on (c − x)²: grad inside scan inside grad.
    const descend = (rate: Tensor): Tensor => {
      const [c] = scan(
        (s, x) => [sub(s, mul(rate, grad((v: Tensor) => mul(sub(v, x), sub(v, x)))(s))), undefined],
        tensor(1, { dtype: "f64" }),
        f64([3, 5]),
      );
      return c;
    };
    const rate = tensor(0.1, { dtype: "f64" });
    // c₁ = 1 + 4r, c₂ = c₁ − 2r(c₁ − 5) = 1 + 12r − 8r², dc₂/dr = 12 − 16r
    close(descend(rate).item(), 2.12);
    close(grad(descend)(rate).item(), 10.4);
    close(grad(grad(descend))(rate).item(), -16);
  });

  it("batches: vmap of grad, grad of vmap, batched constants, carries and sequences", () => {
    const ws = [[0.7], [-0.4], [1.1]];
    const each = ws.map((row) => grad(recurrence)(f64(row), xs).toArray());
    close(vmap(grad(recurrence), { inAxes: [0, null] })(f64(ws), xs).toArray(), each);
    const batchedSum = (v: Tensor): Tensor => sum(vmap(recurrence, { inAxes: [0, null] })(v, xs));
    close(grad(batchedSum)(f64(ws)).toArray(), each);
    const sequences = [data, data.map(([x]) => [2 * x])];
    const stacked = tensor(sequences, { dtype: "f64" });
    close(
      vmap(grad(recurrence, 1), { inAxes: [null, 0] })(w, stacked).toArray(),
      sequences.map((s) => grad(recurrence, 1)(w, f64(s)).toArray()),
    );
    close(
      vmap(hessian(recurrence), { inAxes: [0, null] })(f64(ws), xs).toArray(),
      ws.map((row) => hessian(recurrence)(f64(row), xs).toArray()),
    );
  });

  it("trains a recurrent layer: matrices as constants", () => {
    const weights = f64([
      [0.1, 0.4],
      [-0.3, 0.2],
    ]);
    const sequence = f64([
      [1, 2],
      [0.5, -1],
      [0.3, 0.8],
    ]);
    const loss = (m: Tensor): Tensor => {
      const [h, hs] = scan((s, x) => [add(matmul(m, mul(s, s)), x), s], f64([0, 0]), sequence);
      return add(sum(mul(h, h)), sum(hs));
    };
    const loop = (m: Tensor): Tensor => {
      let s: Tensor = f64([0, 0]);
      let total: Tensor = tensor(0, { dtype: "f64" });
      for (const row of [
        [1, 2],
        [0.5, -1],
        [0.3, 0.8],
      ]) {
        total = add(total, sum(s));
        s = add(matmul(m, mul(s, s)), f64(row));
      }
      return add(sum(mul(s, s)), total);
    };
    close(grad(loss)(weights).toArray(), grad(loop)(weights).toArray());
    close(hessian(loss)(weights).toArray(), hessian(loop)(weights).toArray());
  });

  it("keeps constants and sequences out of the stacked residuals", () => {
    const { program } = trace((v, s) => [grad(recurrence)(v, s)], [w, xs], { name: "test" });
    verifyProgram(program);
    const [primal, linear] = program.equations.filter((equation) => equation.primitive.name === "scan");
    // Of w, h and x only h is stacked: results are the last carry, y and h.
    expect(primal.outputs.length).toBe(3);
    expect(linear.inputs.some((input) => input === primal.inputs[2])).toBe(true);
  });

  it("leaves the integers of a carry alone", () => {
    const f = (v: Tensor): Tensor => {
      const [s] = scan(
        (c) => [{ x: mul(c.x, v), n: add(c.n, 1) }, undefined],
        { x: f64([1]), n: tensor(0, { dtype: "i32" }) },
        undefined,
        { length: 3 },
      );
      return sum(s.x);
    };
    close(grad(f)(f64([2])).toArray(), [12]);
  });

  it("says what does not fit", () => {
    expect(() => scan((c, x) => [add(c, x), x], tensor([0, 0, 0]), tensor([[1], [2]]))).not.toThrow();
    expect(() => scan((_, x) => [x, x], tensor([0, 0]), tensor([[1], [2]]))).toThrow(
      /the next carry f32\[1\], expected f32\[2\], as the initial one/,
    );
    // @ts-expect-error: the carry has another structure
    expect(() => scan((c, x) => [[c, x], x], tensor(0), tensor([1]))).toThrow(/\[\*, \*\], expected \*/);
    expect(() => scan((c) => [c, c], tensor(0), { a: tensor([1]), b: tensor([1, 2]) })).toThrow(
      /f32\[2\] at 'b'/,
    );
    expect(() => scan((c) => [c, c], tensor(0), undefined)).toThrow(/number of steps/);
    expect(() => scan((c) => [tensor(c.item()), c], tensor(0), undefined, { length: 1 })).toThrow(
      /whileLoop/,
    );
  });
});
