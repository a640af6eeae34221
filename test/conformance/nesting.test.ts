import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkpoint, cond, customGradient, scan, whileLoop } from "../../src/lang/control/index.ts";
import {
  add,
  cos,
  exp,
  gt,
  lt,
  matmul,
  mul,
  neg,
  sin,
  square,
  stopGradient,
  sub,
  sum,
  take,
  tanh,
} from "../../src/lang/ops/index.ts";
import type { NestedNumbers, Tensor } from "../../src/lang/program/tensor.ts";
import {
  checkGradients,
  grad,
  hessian,
  jacobian,
  jacobianForward,
  jvp,
  valueAndGrad,
  vjp,
  vmap,
} from "../../src/lang/transforms/index.ts";
import { tensor } from "../../src/tensor/create.ts";
import { getDevice, setDevice } from "../../src/tensor/devices.ts";
import { jit } from "../../src/tensor/jit.ts";
import { compared } from "./harness.ts";

const vector = (...values: number[]): Tensor => tensor(values, { dtype: "f64" });
const scalar = (value: number): Tensor => tensor(value, { dtype: "f64" });

/** Expects |got − wanted| ≤ 10⁻¹² max(1, |wanted|), entry by entry. */
function expectNear(got: Tensor, wanted: NestedNumbers): void {
  const flat = [wanted].flat(9).map(Number);
  const elements = [...got.dataSync()];
  expect(elements).toHaveLength(flat.length);
  for (const [i, value] of flat.entries()) {
    const isNear = Math.abs(elements[i] - value) <= 1e-12 * Math.max(1, Math.abs(value));
    if (!isNear) expect.fail(`entry ${i} is ${elements[i]}, expected ${value}`);
  }
}

// Every function must also hold as it is, and compiled as a whole.
const runs: readonly [name: string, run: (f: (...xs: Tensor[]) => Tensor) => (...xs: Tensor[]) => Tensor][] =
  [
    ["as written", (f) => f],
    ["under jit", (f) => jit(f)],
  ];

describe.each(["reference", ...compared])("transformations nest on %s", (device) => {
  const before = getDevice();
  beforeAll(() => setDevice(device));
  afterAll(() => setDevice(before));

  describe.each(runs)("%s:", (_, run) => {
    test("d/dx [x · d/dy (x + y)] = 1, in every pair of modes", () => {
      const inner = [
        (x: Tensor): Tensor => grad((y: Tensor) => add(x, y))(scalar(1)),
        (x: Tensor): Tensor => jvp((y: Tensor) => add(x, y), [scalar(1)], [scalar(1)])[1],
      ];
      for (const derivative of inner) {
        const f = (x: Tensor): Tensor => mul(x, derivative(x));
        expectNear(run(grad(f))(scalar(3)), 1);
        expectNear(run((x) => jvp(f, [x], [scalar(1)])[1])(scalar(3)), 1);
      }
    });

    test("the variable of an outer derivative is a constant of the inner one", () => {
      // d/dx [∂/∂y (x y²) at y = x] = d/dx 2x² = 4x
      const f = (x: Tensor): Tensor => grad((y: Tensor) => mul(x, square(y)))(x);
      expectNear(run(grad(f))(scalar(3)), 12);
      // Three deep: d/dx [x ∂/∂y [y ∂/∂z (x y z) at z = y] at y = x] = d/dx [x · 2 x²] = 6x²
      const third = (x: Tensor): Tensor =>
        mul(x, grad((y: Tensor) => mul(y, grad((z: Tensor) => mul(x, mul(y, z)))(y)))(x));
      expectNear(run(grad(third))(scalar(2)), 6 * 2 ** 2);
    });

    test("three derivatives of tanh", () => {
      const third = grad(grad(grad((x: Tensor) => tanh(x))));
      const t = Math.tanh(0.4);
      expectNear(run(third)(scalar(0.4)), -2 * (1 - t * t) * (1 - 3 * t * t));
    });

    test("grad of scan of grad: through the steps of gradient descent", () => {
      // x ← x − η (x − w): xₙ = w + (1 − η)ⁿ (x₀ − w)
      const descend = (w: Tensor, loss: (x: Tensor, w: Tensor) => Tensor): Tensor =>
        scan((x: Tensor) => [sub(x, mul(grad(loss)(x, w), 0.1)), undefined] as const, scalar(5), undefined, {
          length: 7,
        })[0];
      const quadratic = (x: Tensor, w: Tensor): Tensor => mul(square(sub(x, w)), 0.5);
      expectNear(run((w) => descend(w, quadratic))(scalar(2)), 2 + 0.9 ** 7 * 3);
      expectNear(run(grad((w: Tensor) => descend(w, quadratic)))(scalar(2)), 1 - 0.9 ** 7);
      const quartic = (x: Tensor, w: Tensor): Tensor => add(square(square(sub(x, w))), mul(sin(x), 0.1));
      const slope = grad((w: Tensor) => descend(mul(w, 0.1), (x, w) => mul(quartic(x, w), 0.01)));
      checkGradients((w: Tensor) => descend(mul(w, 0.1), (x, v) => mul(quartic(x, v), 0.01)), [scalar(2)]);
      checkGradients(run(slope), [scalar(2)]);
    });

    test("vmap of grad of vmap", () => {
      const xs = vector(0.5, -1, 2);
      const total = (w: Tensor): Tensor => sum(vmap((x: Tensor) => sin(mul(w, x)))(xs));
      const slopes = run((ws) => vmap(grad(total))(ws));
      const wanted = [0.3, -0.7].map((w) => [0.5, -1, 2].reduce((sum, x) => sum + x * Math.cos(w * x), 0));
      expectNear(slopes(vector(0.3, -0.7)), wanted);
    });

    test("jit inside grad inside jit inside vmap", () => {
      const inner = jit((x: Tensor, y: Tensor) => mul(exp(x), y));
      const slope = jit((x: Tensor, y: Tensor) => grad((z: Tensor) => inner(mul(z, z), y))(x));
      const all = run((xs, y) => vmap(slope, { inAxes: [0, null] })(xs, y));
      expectNear(
        all(vector(0.5, -1), scalar(3)),
        [0.5, -1].map((x) => 3 * 2 * x * Math.exp(x * x)),
      );
    });

    test("hessians in every composition of modes", () => {
      // f = a² b + sin b: [[2b, 2a], [2a, −sin b]]
      const f = (x: Tensor): Tensor => {
        const [a, b] = [0, 1].map((i) => sum(mul(x, vector(1 - i, i))));
        return add(mul(square(a), b), sin(b));
      };
      const wanted = [
        [1.4, 3],
        [3, -Math.sin(0.7)],
      ];
      const x = vector(1.5, 0.7);
      for (const make of [hessian(f), jacobian(grad(f)), jacobianForward(grad(f)), jacobian(jacobian(f))]) {
        expectNear(run(make)(x), wanted);
      }
      expectNear(run((y) => vmap((v: Tensor) => jvp(grad(f), [y], [v])[1])(identity()))(x), wanted);
      expectNear(run((y) => vmap((v: Tensor) => vjp(grad(f), y)[1](v)[0])(identity()))(x), wanted);
    });

    test("a jacobian of a vmap is block-diagonal, a vmap of jacobians holds the blocks", () => {
      const f = (x: Tensor): Tensor => mul(x, sum(x));
      const x = tensor(
        [
          [1, 2],
          [3, 5],
        ],
        { dtype: "f64" },
      );
      const block = (a: number, b: number): number[][] => [
        [2 * a + b, a],
        [b, a + 2 * b],
      ];
      expectNear(run((xs) => vmap(jacobian(f))(xs))(x), [block(1, 2), block(3, 5)]);
      const [first, second] = [block(1, 2), block(3, 5)];
      const zeros = [0, 0];
      expectNear(run((xs) => jacobian(vmap(f))(xs))(x), [
        first.map((row) => [row, zeros]),
        second.map((row) => [zeros, row]),
      ]);
    });

    test("stopGradient stops every order, inside vmap too", () => {
      const f = (x: Tensor): Tensor => mul(square(x), stopGradient(x));
      expectNear(run(grad(f))(scalar(3)), 2 * 3 * 3);
      expectNear(run(grad(grad(f)))(scalar(3)), 2 * 3);
      expectNear(run((xs) => vmap(grad(f))(xs))(vector(1, 2)), [2, 8]);
      expectNear(run((x) => jvp(stopGradient, [x], [x])[1])(scalar(3)), 0);
    });

    describe("control flow and calls inside vmap, inside grad, inside vmap:", () => {
      // Each is g(x) with the same g, so that the derivatives are known: Σ over a batch, then grad, then a batch of w.
      const forms: readonly [name: string, g: (x: Tensor) => Tensor, slope: (x: number) => number][] = [
        ["checkpoint", checkpoint((x: Tensor) => mul(sin(x), x)), (x) => Math.sin(x) + x * Math.cos(x)],
        [
          "customGradient",
          customGradient(
            (x: Tensor) => [mul(x, x), x] as const,
            (x: Tensor, cotangent: Tensor) => [mul(cotangent, mul(x, 5))] as const,
          ),
          (x) => 5 * x,
        ],
        [
          "cond",
          (x) =>
            cond(
              gt(x, 0),
              (y: Tensor) => square(y),
              (y: Tensor) => neg(exp(y)),
              x,
            ),
          (x) => (x > 0 ? 2 * x : -Math.exp(x)),
        ],
        [
          "scan",
          (x) => scan((h: Tensor) => [mul(h, x), undefined] as const, scalar(1), undefined, { length: 4 })[0],
          (x) => 4 * x ** 3,
        ],
        [
          "scan of cond",
          (x) =>
            scan(
              (h: Tensor, step: Tensor) =>
                [
                  cond(
                    gt(step, 1.5),
                    (y: Tensor) => mul(y, x),
                    (y: Tensor) => add(y, x),
                    h,
                  ),
                  undefined,
                ] as const,
              scalar(0),
              vector(1, 2, 3, 1),
            )[0],
          (x) => 3 * x ** 2 + 1,
        ],
        ["grad", grad((x: Tensor) => sin(x)), (x) => -Math.sin(x)],
        ["jit of checkpoint of cos", jit(checkpoint((x: Tensor) => cos(x))), (x) => -Math.sin(x)],
      ];

      test.each(forms)("%s", (_, g, slope) => {
        const xs = vector(0.5, -1.25, 2);
        const total = (w: Tensor): Tensor => sum(vmap((x: Tensor) => g(mul(w, x)))(xs));
        const wanted = [0.3, -0.7].map((w) => [0.5, -1.25, 2].reduce((sum, x) => sum + x * slope(w * x), 0));
        expectNear(run((ws) => vmap(grad(total))(ws))(vector(0.3, -0.7)), wanted);
      });
    });

    test("forward mode through a whileLoop, per example", () => {
      // Doubles until 10 is passed: 2ᵏ x
      const f = (x: Tensor): Tensor =>
        whileLoop(
          (y: Tensor) => lt(y, 10),
          (y: Tensor) => mul(y, 2),
          x,
        );
      const tangents = run((xs) => vmap((x: Tensor) => jvp(f, [x], [scalar(1)])[1])(xs));
      expectNear(tangents(vector(3, 0.7, 11)), [4, 16, 1]);
    });

    test("partial and total derivatives of f(x, g) = 3x + 2g with g = 2x: 3 and 7, in both modes", () => {
      const f = (x: Tensor, g: Tensor): Tensor => add(mul(x, 3), mul(g, 2));
      const total = (x: Tensor): Tensor => f(x, mul(x, 2));
      const x = scalar(5);
      expectNear(run(grad(f))(x, scalar(10)), 3);
      expectNear(run(grad(total))(x), 7);
      expectNear(run((y) => jvp(total, [y], [scalar(1)])[1])(x), 7);
    });
  });

  test("an index out of range in a compiled, batched gradient is an error, and the next run is not", () => {
    const loss = (table: Tensor, index: Tensor): Tensor => sum(square(take(table, index)));
    const step = jit((table: Tensor, indices: Tensor) =>
      vmap(valueAndGrad(loss), { inAxes: [null, 0] })(table, indices),
    );
    const table = tensor([
      [1, 2],
      [3, 4],
      [5, 6],
    ]);
    const indices = (...rows: number[][]): Tensor => tensor(rows, { dtype: "i32" });
    for (const wrong of [3, -1]) {
      expect(() => step(table, indices([0, 1], [2, wrong]))).toThrow(/out of range for axis 0 of extent 3/);
    }
    expect(step(table, indices([0, 1], [2, 2]))[0].toArray()).toEqual([30, 122]);
  });

  test("a gradient of a compiled network equals the one written out by hand", () => {
    const [W, x, y] = [
      tensor(
        [
          [0.5, -1],
          [2, 0.25],
        ],
        { dtype: "f64" },
      ),
      vector(0.3, -0.6),
      vector(1, -1),
    ];
    const loss = (w: Tensor): Tensor => sum(square(sub(tanh(matmul(w, x)), y)));
    // ∂L/∂W = 2 (a − y) (1 − a²) xᵀ
    const a = tanh(matmul(W, x));
    const delta = [...mul(mul(sub(a, y), 2), sub(1, square(a))).dataSync()];
    expectNear(
      jit(grad(loss))(W),
      delta.map((d) => [0.3, -0.6].map((value) => d * value)),
    );
  });
});

function identity(): Tensor {
  return tensor(
    [
      [1, 0],
      [0, 1],
    ],
    { dtype: "f64" },
  );
}
