import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import "../../../test/on-reference.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";
import { mark } from "../ops/identity.ts";
import { matmul } from "../ops/matmul.ts";
import { sum } from "../ops/structure.ts";
import { expandCalls } from "../program/calls.ts";
import { interpretProgram } from "../program/interpret.ts";
import type { Tensor } from "../program/tensor.ts";
import { trace, withScope } from "../program/trace.ts";
import { verifyProgram } from "../program/verify.ts";
import { checkGradients } from "../transforms/check.ts";
import { jvp, linearize } from "../transforms/directional.ts";
import { grad, valueAndGrad } from "../transforms/gradient.ts";
import { hessian, jacobian, jacobianForward } from "../transforms/jacobian.ts";
import { withMarks } from "../transforms/marks.ts";
import { vmap } from "../transforms/vectorize.ts";
import { checkpoint } from "./checkpoint.ts";
import { cond } from "./cond.ts";
import { customGradient } from "./custom-gradient.ts";
import { scan } from "./scan.ts";

const f64 = (data: number | number[] | number[][]): Tensor => tensor(data, { dtype: "f64" });
const matrix = f64([
  [0.3, -0.4],
  [0.5, 0.2],
]);

describe("checkpoint", () => {
  const block = (x: Tensor, w: Tensor): Tensor => {
    const h = matmul(x, w);
    return matmul(mul(h, h), w);
  };
  const plain = (x: Tensor, w: Tensor): Tensor => sum(mul(block(x, w), block(x, w)));
  const kept = (x: Tensor, w: Tensor): Tensor => {
    const y = checkpoint(block)(x, w);
    return sum(mul(y, y));
  };
  const x = f64([[1, 2]]);

  it("changes no number, to second order and under vmap", () => {
    const same = (f: (g: typeof plain) => Tensor): void => {
      const [got, expected] = [f(kept).dataSync(), f(plain).dataSync()];
      for (const [i, value] of expected.entries()) expect(got[i]).toBeCloseTo(value, 12);
      expect(got.length).toBe(expected.length);
    };
    same((f) => f(x, matrix));
    same((f) => grad(f)(x, matrix));
    same((f) => grad(f, 1)(x, matrix));
    same((f) => jvp(f, [x, matrix], [x, matrix])[1]);
    same((f) => hessian(f)(x, matrix));
    same((f) => jacobian(grad(f, 1), { argnums: 1 })(x, matrix));
    same((f) => vmap(grad(f), { inAxes: [0, null] })(stacked, matrix));
  });
  const stacked = tensor([[[1, 2]], [[3, 4]]], { dtype: "f64" });

  it("keeps its inputs only and computes again behind a barrier", () => {
    const { program } = trace((a, w) => [grad(kept)(a, w)], [x, matrix], { name: "test" });
    const calls = program.equations.filter(({ primitive }) => primitive.name === "checkpoint");
    expect(calls.length).toBe(2);
    expect(calls[0].outputs.length).toBe(1);
    expect(program.equations.some(({ primitive }) => primitive.name === "barrier")).toBe(true);
    const expanded = expandCalls(program);
    verifyProgram(expanded);
    expect(expanded.equations.some(({ primitive }) => primitive.lowering.kind === "call")).toBe(false);
    const inputs = [x, matrix].map((each) => ({
      dtype: each.dtype,
      shape: each.shape,
      data: each.dataSync(),
    }));
    expect(interpretProgram(expanded, inputs)[0].data).toEqual(interpretProgram(program, inputs)[0].data);
  });

  it("works around and inside scan", () => {
    const loop = (step: (h: Tensor) => Tensor) => (h: Tensor) =>
      sum(scan((s) => [step(s), undefined], h, undefined, { length: 3 })[0]);
    const step = (h: Tensor): Tensor => mul(matmul(h, matrix), h);
    const expected = grad(loop(step))(x).toArray();
    expect(grad(loop(checkpoint(step)))(x).toArray()).toEqual(expected);
    expect(grad(checkpoint(loop(step)))(x).toArray()).toEqual(expected);
    checkGradients((h: Tensor) => grad(loop(checkpoint(step)))(h), [x]);
  });
});

describe("customGradient", () => {
  // The identity whose gradient is ten times the cotangent.
  const tenfold = customGradient(
    (x: Tensor) => [x, undefined],
    (_, cotangent) => [mul(cotangent, 10)],
  );

  it("takes the user's gradient", () => {
    const f = (x: Tensor): Tensor => mul(tenfold(mul(x, x)), 2);
    expect([f(f64(3)).item(), grad(f)(f64(3)).item()]).toEqual([18, 120]);
    // The second derivative differentiates what the first computed: 10 · 2 · 2x.
    expect(grad(grad(f))(f64(3)).item()).toBe(40);
  });

  it("hands residuals, trees and captured tensors to the backward function", () => {
    const scale = f64(7);
    const product = customGradient(
      (p: { a: Tensor; b: Tensor }, n: Tensor) => [[mul(p.a, p.b)], { p, n }] as const,
      ({ p }, [cotangent]) => [{ a: mul(mul(cotangent, p.b), scale), b: mul(cotangent, p.a) }, null],
    );
    const f = (p: { a: Tensor; b: Tensor }): Tensor => sum(product(p, f64([1, 2]))[0]);
    const { a, b } = grad(f)({ a: f64(2), b: f64(3) });
    expect([a.item(), b.item()]).toEqual([21, 2]);
  });

  it("batches, also with arguments that are the same for all examples", () => {
    const times = customGradient(
      (x: Tensor, w: Tensor) => [mul(x, w), [x, w] as const],
      ([x, w], cotangent) => [mul(cotangent, w), mul(mul(cotangent, x), 100)],
    );
    const f = (w: Tensor): Tensor => sum(vmap(times, { inAxes: [0, null] })(f64([1, 2, 3]), w));
    expect([f(f64(5)).item(), grad(f)(f64(5)).item()]).toEqual([30, 600]);
    expect(vmap(grad(times, 1), { inAxes: [0, null] })(f64([1, 2]), f64(5)).toArray()).toEqual([100, 200]);
    expect(jacobian((x: Tensor) => tenfold(x))(f64([1, 2])).toArray()).toEqual([
      [10, 0],
      [0, 10],
    ]);
  });

  it("works inside scan and cond", () => {
    const loop = (x: Tensor): Tensor => scan((s) => [tenfold(s), undefined], x, undefined, { length: 3 })[0];
    expect(grad(loop)(f64(1)).item()).toBe(1000);
    const branch = (x: Tensor): Tensor => cond(tensor(true), tenfold, (v) => v, x);
    expect(grad(branch)(f64(1)).item()).toBe(10);
  });

  it("refuses forward mode", () => {
    const message = /function made by customGradient.*reverse mode/;
    expect(() => jvp(tenfold, [f64(1)], [f64(1)])).toThrow(message);
    expect(() => linearize(tenfold, f64(1))).toThrow(message);
    expect(() => jacobianForward(tenfold)(f64([1]))).toThrow(message);
    const loop = (x: Tensor): Tensor => scan((s) => [tenfold(s), undefined], x, undefined, { length: 3 })[0];
    expect(() => jvp(loop, [f64(1)], [f64(1)])).toThrow(message);
  });

  it("says what does not fit", () => {
    const wrong = customGradient(
      (x: Tensor) => [x, undefined],
      () => [f64([1, 2])],
    );
    expect(() => wrong(f64(1))).toThrow(/f64\[2\], expected f64\[\]/);
    const closure = (w: Tensor): Tensor =>
      customGradient(
        (x: Tensor) => [mul(x, w), undefined],
        (_, cotangent) => [mul(cotangent, w)],
      )(f64(2));
    expect(() => grad(closure)(f64(3))).toThrow(/captures.*argument/);
  });
});

describe("withMarks", () => {
  const loss = (x: Tensor): Tensor => {
    const z = withScope("hidden", () => mark("z", mul(x, 3)));
    const a = withScope("hidden", () => mark("a", mul(z, z)));
    return sum(mark("a", sub(a, 1)));
  };

  it("returns marked values and δ", () => {
    const { output, marks, gradients } = withMarks(loss, { gradients: true })(f64([1, 2]));
    expect(output.item()).toBe(43);
    expect(Object.keys(marks)).toEqual(["hidden/z", "hidden/a", "a"]);
    expect(marks["hidden/z"].toArray()).toEqual([3, 6]);
    expect(gradients["hidden/z"].toArray()).toEqual([6, 12]);
    expect(gradients["hidden/a"].toArray()).toEqual([1, 1]);
    expect(gradients.a.toArray()).toEqual([1, 1]);
  });

  it("sees each value once through grad, vmap and repeated names", () => {
    const step = withMarks(valueAndGrad(loss));
    const { output, marks } = step(f64([1, 2]));
    expect([output[0].item(), output[1].toArray()]).toEqual([43, [18, 36]]);
    expect(Object.keys(marks)).toEqual(["hidden/z", "hidden/a", "a"]);
    expect(withMarks(vmap(loss))(f64([[1, 2]])).marks["hidden/z"].toArray()).toEqual([[3, 6]]);
    const twice = withMarks((x: Tensor) => mark("y", mark("y", add(x, 1))));
    expect(Object.keys(twice(f64(1)).marks)).toEqual(["y", "y 2"]);
  });

  it("differentiates scalars only", () => {
    expect(() => withMarks((x: Tensor) => mark("x", x), { gradients: true })(f64([1]))).toThrow(
      /float scalar/,
    );
  });
});

describe("checkGradients", () => {
  it("accepts right gradients of trees and results that are no scalars", () => {
    checkGradients(
      (p: { w: Tensor }, x: Tensor) => ({ y: matmul(x, p.w), n: sum(x) }),
      [{ w: matrix }, f64([[1, 2]])],
    );
  });

  it("names the worst entry", () => {
    const wrong = customGradient(
      (x: Tensor) => [mul(x, x), x],
      (x, cotangent) => [mul(cotangent, mul(x, x))],
    );
    // x² instead of 2x: right at 2 only; worst, relatively, at 8.
    expect(() => checkGradients((p: { x: Tensor }) => sum(wrong(p.x)), [{ x: f64([2, 3, 8]) }])).toThrow(
      /64.* for argument 0\.x, entry \[2\], expected 15\.99/,
    );
  });
});
