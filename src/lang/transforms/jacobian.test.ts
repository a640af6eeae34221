import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import "../../../test/on-reference.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { matmul } from "../ops/matmul.ts";
import { sum } from "../ops/structure.ts";
import type { Tensor } from "../program/tensor.ts";
import { grad } from "./gradient.ts";
import { hessian, jacobian, jacobianForward, jacobianReverse } from "./jacobian.ts";
import { vmap } from "./vectorize.ts";

const x = tensor([1, 2]);
const matrix = tensor([
  [1, 2],
  [3, 4],
]);

describe("jacobian", () => {
  it("is the same in both modes", () => {
    const f = (v: Tensor): Tensor => mul(v, sum(mul(v, v)));
    // ∂(v_i |v|²)/∂v_j = δ_ij |v|² + 2 v_i v_j
    const expected = [
      [7, 4],
      [4, 13],
    ];
    expect(jacobianReverse(f)(x).toArray()).toEqual(expected);
    expect(jacobianForward(f)(x).toArray()).toEqual(expected);
    expect(jacobian(f, { mode: "forward" })(x).toArray()).toEqual(expected);
  });

  it("has the axes of the result, then of the argument, and trees of both", () => {
    const f = (p: { w: Tensor; v: Tensor }) => ({ y: matmul(p.w, p.v), n: sum(p.v) });
    for (const mode of ["forward", "reverse"] as const) {
      const result = jacobian(f, { mode })({ w: matrix, v: tensor([5, 6, 7, 8].slice(0, 2)) });
      expect(result.y.v.toArray()).toEqual(matrix.toArray());
      expect(result.y.w.toArray()).toEqual([
        [
          [5, 6],
          [0, 0],
        ],
        [
          [0, 0],
          [5, 6],
        ],
      ]);
      expect([result.n.v.toArray(), result.n.w.shape]).toEqual([
        [1, 1],
        [2, 2],
      ]);
    }
  });

  it("takes lists of positions", () => {
    const [dx, dy] = jacobian((a: Tensor, b: Tensor) => mul(a, b), { argnums: [0, 1] })(x, tensor([3, 4]));
    expect([dx.toArray(), dy.toArray()]).toEqual([
      [
        [3, 0],
        [0, 4],
      ],
      [
        [1, 0],
        [0, 2],
      ],
    ]);
  });

  it("of a gradient is the hessian", () => {
    const f = (v: Tensor): Tensor => add(sum(mul(v, mul(v, v))), mul(sum(v), sum(v)));
    const expected = [
      [8, 2],
      [2, 14],
    ];
    expect(jacobian(grad(f))(x).toArray()).toEqual(expected);
    expect(hessian(f)(x).toArray()).toEqual(expected);
    expect(jacobianForward(jacobianForward(f))(x).toArray()).toEqual(expected);
  });
});

describe("vmap", () => {
  it("sees one example", () => {
    const f = vmap((row: Tensor) => {
      expect(row.shape).toEqual([2]);
      return sum(mul(row, row));
    });
    expect(f(matrix).toArray()).toEqual([5, 25]);
  });

  it("moves axes and hands through what is not batched", () => {
    const f = vmap((a: Tensor, b: Tensor, name: string) => (name === "mul" ? mul(a, b) : a), {
      inAxes: [1, null, null],
      outAxes: 1,
    });
    expect(f(matrix, x, "mul").toArray()).toEqual([
      [1, 2],
      [6, 8],
    ]);
    const [whole, twice] = vmap((a: Tensor) => [a, add(a, a)] as const, { outAxes: [1, 0] })(matrix);
    expect([whole.toArray(), twice.toArray()]).toEqual([
      [
        [1, 3],
        [2, 4],
      ],
      [
        [2, 4],
        [6, 8],
      ],
    ]);
  });

  it("repeats results that are the same for every example", () => {
    expect(vmap((_: Tensor) => x)(matrix).toArray()).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it("nests with grad in any order", () => {
    const f = (v: Tensor): Tensor => sum(mul(v, mul(v, v)));
    expect(vmap(grad(f))(matrix).toArray()).toEqual([
      [3, 12],
      [27, 48],
    ]);
    expect(grad((m: Tensor) => sum(vmap(f)(m)))(matrix).toArray()).toEqual([
      [3, 12],
      [27, 48],
    ]);
    expect(vmap(vmap((a: Tensor) => mul(a, a)))(matrix).toArray()).toEqual([
      [1, 4],
      [9, 16],
    ]);
    expect(vmap(hessian(f))(matrix).shape).toEqual([2, 2, 2]);
  });

  it("says what does not fit", () => {
    const f = vmap((a: Tensor, b: Tensor) => add(a, b));
    expect(() => f(tensor([1, 2]), tensor([1, 2, 3]))).toThrow(/f32\[3\] as argument 1.*batch of 2/);
    expect(() => vmap((a: Tensor) => tensor(a.item()))(x)).toThrow(/inside jit, vmap and control flow/);
    expect(() => vmap((a: Tensor) => a, { inAxes: [0, 0] })(x)).toThrow(/2 axes for 1 arguments/);
  });
});
