import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import "../../../test/on-reference.ts";
import { add, mul, sub } from "../ops/arithmetic.ts";
import { gt, lt } from "../ops/comparison.ts";
import { sum } from "../ops/structure.ts";
import type { Tensor } from "../program/tensor.ts";
import { trace } from "../program/trace.ts";
import { verifyProgram } from "../program/verify.ts";
import { checkGradients } from "../transforms/check.ts";
import { jvp } from "../transforms/directional.ts";
import { grad } from "../transforms/gradient.ts";
import { hessian, jacobian, jacobianForward } from "../transforms/jacobian.ts";
import { vmap } from "../transforms/vectorize.ts";
import { cond, switchCase } from "./cond.ts";
import { scan } from "./scan.ts";
import { whileLoop } from "./while.ts";

const f64 = (data: number | number[]): Tensor => tensor(data, { dtype: "f64" });

/** x > 1: x³ · w, else x². */
const piecewise = (x: Tensor, w: Tensor): Tensor =>
  cond(
    gt(x, 1),
    (v) => mul(w, mul(v, mul(v, v))),
    (v) => mul(v, v),
    x,
  );

describe("cond", () => {
  it("runs one branch, with captured tensors and trees", () => {
    expect(piecewise(tensor(2), tensor(3)).item()).toBe(24);
    expect(piecewise(tensor(0.5), tensor(3)).item()).toBe(0.25);
    const swap = (p: Tensor) =>
      cond(
        p,
        (v) => ({ a: v.b, b: v.a }),
        (v) => v,
        { a: tensor(1), b: tensor(2) },
      );
    expect([swap(tensor(true)).a.item(), swap(tensor(false)).a.item()]).toEqual([2, 1]);
  });

  it("gives a number the dtype of the other branch", () => {
    const f = (p: boolean) =>
      cond(
        tensor(p),
        () => f64(2),
        () => 1,
      );
    expect([f(true).item(), f(false).item(), f(false).dtype]).toEqual([2, 1, "f64"]);
    expect(
      cond(
        tensor(true),
        () => 1,
        () => 2,
      ).dtype,
    ).toBe("f32");
  });

  it("differentiates the branch that ran, to second order, in both modes", () => {
    for (const [x, first, second, dw] of [
      [2, 36, 36, 8],
      [0.5, 1, 2, 0],
    ]) {
      const [a, w] = [f64(x), f64(3)];
      expect(grad(piecewise)(a, w).item()).toBeCloseTo(first, 12);
      expect(grad(piecewise, 1)(a, w).item()).toBeCloseTo(dw, 12);
      expect(grad(grad(piecewise))(a, w).item()).toBeCloseTo(second, 12);
      expect(hessian(piecewise)(a, w).item()).toBeCloseTo(second, 12);
      expect(jacobianForward(jacobianForward(piecewise))(a, w).item()).toBeCloseTo(second, 12);
      expect(jvp(piecewise, [a, w], [f64(1), f64(1)])[1].item()).toBeCloseTo(first + dw, 12);
      checkGradients(piecewise, [a, w]);
    }
  });

  it("selects per example when the predicate is batched", () => {
    const xs = [2, 0.5, 3];
    const w = f64(3);
    const over = { inAxes: [0, null] };
    expect(vmap(piecewise, over)(f64(xs), w).toArray()).toEqual(xs.map((x) => piecewise(f64(x), w).item()));
    expect(vmap(grad(piecewise), over)(f64(xs), w).toArray()).toEqual(
      xs.map((x) => grad(piecewise)(f64(x), w).item()),
    );
    expect(grad((v: Tensor) => sum(vmap(piecewise, over)(v, w)))(f64(xs)).toArray()).toEqual(
      xs.map((x) => grad(piecewise)(f64(x), w).item()),
    );
  });

  it("stays a cond when only the operands are batched", () => {
    const f = (x: Tensor, p: Tensor): Tensor =>
      cond(
        p,
        (v) => mul(v, v),
        () => f64(7),
        x,
      );
    const batched = vmap(f, { inAxes: [0, null] });
    const { program } = trace((x, p) => [batched(x, p)], [f64([1, 2]), tensor(true)], { name: "test" });
    expect(program.equations.filter(({ primitive }) => primitive.name === "cond").length).toBe(1);
    expect(batched(f64([1, 2]), tensor(true)).toArray()).toEqual([1, 4]);
    expect(batched(f64([1, 2]), tensor(false)).toArray()).toEqual([7, 7]);
  });

  it("shares residual slots between branches and makes well-formed programs", () => {
    const f = (x: Tensor): Tensor =>
      cond(
        gt(sum(x), 0),
        (v) => mul(sum(mul(v, v)), sum(v)),
        (v) => sum(mul(v, sum(v))),
        x,
      );
    const { program } = trace((x) => [grad((v: Tensor) => sum(grad(f)(v)))(x)], [f64([1, 2])], {
      name: "test",
    });
    verifyProgram(program);
    const { program: first } = trace((x) => [grad(f)(x)], [f64([1, 2])], { name: "test" });
    const primal = first.equations.find(({ primitive }) => primitive.name === "cond");
    expect(primal?.outputs.length).toBe(3);
    for (const x of [f64([1, 2]), f64([-1, -2])]) checkGradients(f, [x]);
    for (const x of [f64([1, 2]), f64([-1, -2])]) checkGradients((v: Tensor) => grad(f)(v), [x]);
  });

  it("works inside scan, and scan inside it", () => {
    const f = (x: Tensor): Tensor => {
      const [c] = scan(
        (s, v) => [
          cond(
            gt(s, 2),
            (a) => sub(a, mul(v, a)),
            (a) => mul(a, add(v, 1)),
            s,
          ),
          undefined,
        ],
        x,
        f64([1, 0.5, 0.25, 2]),
      );
      return cond(
        gt(c, 100),
        (a) => a,
        (a) => scan((s) => [mul(s, a), s], a, undefined, { length: 2 })[0],
        c,
      );
    };
    checkGradients(f, [f64(0.9)]);
    checkGradients((x: Tensor) => grad(f)(x), [f64(0.9)]);
    expect(vmap(grad(f))(f64([0.9, 1.7])).toArray()).toEqual([0.9, 1.7].map((x) => grad(f)(f64(x)).item()));
  });

  it("says what does not fit", () => {
    const [p, x] = [tensor(true), tensor([1, 2])];
    expect(() =>
      cond(
        tensor(1),
        () => x,
        () => x,
      ),
    ).toThrow(/the predicate f32\[\], expected bool\[\]/);
    expect(() =>
      cond(
        p,
        () => x,
        () => tensor(1),
      ),
    ).toThrow(/the true branch: f32\[2\], expected f32\[\], as the false branch/);
    expect(() =>
      cond(
        p,
        () => [x],
        // @ts-expect-error: the branches return different structures
        () => x,
      ),
    ).toThrow(/\[\*\], expected \*/);
    expect(() =>
      cond(
        p,
        (v) => (v.item() > 1 ? v : v),
        (v) => v,
        tensor(1),
      ),
    ).toThrow(/cond or where/);
  });
});

describe("switchCase", () => {
  const f = (index: Tensor, x: Tensor): Tensor =>
    switchCase(index, [(v) => v, (v) => mul(v, v), (v) => mul(v, mul(v, v))], x);
  const at = (i: number): Tensor => tensor(i, { dtype: "i32" });

  it("clamps the index and differentiates", () => {
    expect([-1, 0, 1, 2, 9].map((i) => f(at(i), tensor(3)).item())).toEqual([3, 3, 9, 27, 27]);
    expect([0, 1, 2].map((i) => grad(f, 1)(at(i), tensor(3)).item())).toEqual([1, 6, 27]);
  });

  it("selects per example, with the same clamping", () => {
    const indices = tensor([-1, 0, 1, 2, 9], { dtype: "i32" });
    expect(vmap(f, { inAxes: [0, null] })(indices, tensor(3)).toArray()).toEqual([3, 3, 9, 27, 27]);
    expect(vmap(grad(f, 1), { inAxes: [0, null] })(indices, tensor(3)).toArray()).toEqual([1, 1, 6, 27, 27]);
  });
});

describe("whileLoop", () => {
  /** Newton's method for √a. */
  const root = (a: Tensor): Tensor =>
    whileLoop(
      (s) => gt(mul(s.error, s.error), 1e-20),
      (s) => {
        const next = mul(0.5, add(s.x, mul(a, inverse(s.x))));
        return { x: next, error: sub(next, s.x) };
      },
      { x: a, error: a },
    ).x;
  // 1/x by Newton's method too: y ← y (2 − x y).
  const inverse = (x: Tensor): Tensor =>
    scan((y) => [mul(y, sub(2, mul(x, y))), undefined], f64(0.1), undefined, { length: 40 })[0];

  it("repeats while the condition holds", () => {
    expect(
      whileLoop(
        (x) => lt(x, 100),
        (x) => mul(x, 2),
        tensor(1),
      ).item(),
    ).toBe(128);
    expect(
      whileLoop(
        (x) => lt(x, 100),
        (x) => mul(x, 2),
        300,
      ).item(),
    ).toBe(300);
    expect(root(f64(2)).item()).toBeCloseTo(Math.SQRT2, 12);
  });

  it("has forward derivatives of any order", () => {
    const a = f64(2);
    expect(jvp(root, [a], [f64(1)])[1].item()).toBeCloseTo(0.5 / Math.SQRT2, 8);
    expect(jacobianForward(jacobianForward(root))(a).item()).toBeCloseTo(-0.25 / 2 ** 1.5, 6);
  });

  it("says that it has no reverse mode, unless no gradient flows through", () => {
    expect(() => grad(root)(f64(2))).toThrow(/whileLoop, which has a forward-mode derivative only.*scan/);
    const steps = (x: Tensor): Tensor => {
      const n = whileLoop(
        (i) => lt(i, 3),
        (i) => add(i, 1),
        tensor(0, { dtype: "i32" }),
      );
      return mul(x, gt(n, 2).item() === 1 ? 5 : 1);
    };
    expect(grad(steps)(f64(2)).item()).toBe(5);
  });

  it("runs masked when the predicate is batched", () => {
    const as = [2, 9, 0.3];
    expect(vmap(root)(f64(as)).toArray()).toEqual(as.map((a) => root(f64(a)).item()));
    const powers = vmap((x: Tensor) =>
      whileLoop(
        (v) => lt(v, 100),
        (v) => mul(v, x),
        x,
      ),
    );
    expect(powers(f64([2, 3, 200])).toArray()).toEqual([128, 243, 200]);
    expect(jacobian(vmap(root), { mode: "forward" })(f64([4, 9])).shape).toEqual([2, 2]);
  });

  it("batches what it carries when the predicate is the same for all", () => {
    const f = vmap((x: Tensor) =>
      whileLoop(
        (s) => lt(s.n, 3),
        (s) => ({ n: add(s.n, 1), y: mul(s.y, x) }),
        { n: f64(0), y: f64(1) },
      ),
    );
    const result = f(f64([2, 3]));
    expect([result.n.toArray(), result.y.toArray()]).toEqual([
      [3, 3],
      [8, 27],
    ]);
  });

  it("says what does not fit", () => {
    expect(() =>
      whileLoop(
        (x) => x,
        (x) => x,
        tensor(1),
      ),
    ).toThrow(/the condition f32\[\], expected bool\[\]/);
    expect(() =>
      whileLoop(
        (x) => lt(sum(x), 1),
        (x) => sum(x),
        tensor([1, 2]),
      ),
    ).toThrow(/the next carry f32\[\], expected f32\[2\]/);
  });
});
