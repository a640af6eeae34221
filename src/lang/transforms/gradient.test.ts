import { describe, expect, it } from "vitest";
import { tensor } from "../../tensor/create.ts";
import "../../../test/on-reference.ts";
import { add, mul } from "../ops/arithmetic.ts";
import { select } from "../ops/select.ts";
import { sum } from "../ops/structure.ts";
import type { Tensor } from "../program/tensor.ts";
import { jvp, linearize, vjp } from "./directional.ts";
import { grad, valueAndGrad } from "./gradient.ts";

const cube = (x: Tensor): Tensor => mul(x, mul(x, x));

describe("grad", () => {
  it("differentiates with respect to the first argument", () => {
    const f = (x: Tensor, y: Tensor): Tensor => sum(mul(mul(x, x), y));
    expect(grad(f)(tensor([1, 2]), tensor([3, 4])).toArray()).toEqual([6, 16]);
  });

  it("gives a tuple for a list of positions", () => {
    const f = (w: Tensor, b: Tensor): Tensor => sum(add(mul(w, w), b));
    const [dw, db] = grad(f, [0, 1])(tensor([1, 2]), tensor([3, 4]));
    expect([dw.toArray(), db.toArray()]).toEqual([
      [2, 4],
      [1, 1],
    ]);
  });

  it("keeps the structure of trees", () => {
    const f = (p: { w: Tensor; layers: Tensor[] }): Tensor => sum(mul(p.w, p.layers[1]));
    const gradient = grad(f)({ w: tensor([1, 2]), layers: [tensor(7), tensor([3, 4])] });
    expect(gradient.w.toArray()).toEqual([3, 4]);
    expect(gradient.layers.map((layer) => layer.toArray())).toEqual([0, [1, 2]]);
  });

  it("nests", () => {
    // d/dx [x · d/dy (x + y)] = 1
    const inner = (x: Tensor): Tensor => mul(x, grad((y: Tensor) => add(x, y))(tensor(5)));
    expect(grad(inner)(tensor(3)).item()).toBe(1);
    expect(grad(grad(grad(cube)))(tensor(2)).item()).toBe(6);
  });

  it("lets values be read while it traces, at every depth", () => {
    const f = (x: Tensor): Tensor => (x.item() > 1 ? mul(x, 10) : mul(x, x));
    expect(grad(f)(tensor(3)).item()).toBe(10);
    expect(grad(grad(f))(tensor(0.5)).item()).toBe(2);
  });

  it("takes numbers and hands other arguments through", () => {
    const f = (x: Tensor | number, mode: string): Tensor => (mode === "square" ? mul(x, x) : add(x, 0));
    expect(grad(f)(3, "square").item()).toBe(6);
    expect(grad(f)(3, "id").item()).toBe(1);
  });

  it("returns auxiliary results", () => {
    const f = (x: Tensor) => [sum(mul(x, x)), { doubled: add(x, x), name: "x", count: 2 }] as const;
    const [[value, aux], gradient] = valueAndGrad(f, { hasAux: true })(tensor([1, 2]));
    expect([value.item(), aux.doubled.toArray(), aux.name, gradient.toArray()]).toEqual([
      5,
      [2, 4],
      "x",
      [2, 4],
    ]);
    expect(grad(f, { hasAux: true })(tensor([1, 2]))[0].toArray()).toEqual([2, 4]);
  });

  it("gives zeros where nothing depends", () => {
    expect(grad((_: Tensor) => tensor(1))(tensor([1, 2])).toArray()).toEqual([0, 0]);
  });

  it("says what cannot be differentiated", () => {
    expect(() => grad((x: Tensor) => mul(x, x))(tensor([1, 2]))).toThrow(/grad: got f32\[2\].*scalar/);
    expect(() => grad((x: { n: Tensor }) => sum(x.n))({ n: tensor([1], { dtype: "i32" }) })).toThrow(
      /i32\[1\] as argument 0 at 'n'/,
    );
    expect(() => grad(cube, 3)(tensor(1))).toThrow(/position 3 in a call with 1 arguments/);
  });
});

describe("jvp, linearize and vjp", () => {
  it("agree", () => {
    const f = (x: Tensor, y: Tensor) => ({ product: mul(x, y), square: mul(x, x) });
    const [x, y] = [tensor([1, 2]), tensor([3, 4])];
    const [output, tangent] = jvp(f, [x, y], [tensor([1, 0]), tensor([0, 1])]);
    expect([output.product.toArray(), output.square.toArray()]).toEqual([
      [3, 8],
      [1, 4],
    ]);
    expect([tangent.product.toArray(), tangent.square.toArray()]).toEqual([
      [3, 2],
      [2, 0],
    ]);
    const [, derivative] = linearize(f, x, y);
    expect(derivative(tensor([1, 0]), tensor([0, 1])).product.toArray()).toEqual([3, 2]);
    const [, pullback] = vjp(f, x, y);
    const [dx, dy] = pullback({ product: tensor([1, 1]), square: tensor([1, 0]) });
    expect([dx.toArray(), dy.toArray()]).toEqual([
      [5, 4],
      [1, 2],
    ]);
  });

  it("check the structure of what they are given", () => {
    const [, pullback] = vjp(cube, tensor([1, 2]));
    expect(() => pullback(tensor([1, 2, 3]))).toThrow(/f32\[3\], expected f32\[2\]/);
    expect(() => jvp(cube, [tensor(1)], [tensor([1])])).toThrow(/f32\[1\], expected f32\[\]/);
  });

  it("leave what is not differentiable alone", () => {
    const f = (x: Tensor, c: Tensor) => select(c, x, mul(x, 2));
    const [, pullback] = vjp(f, tensor([1, 2]), tensor([true, false]));
    const [dx, dc] = pullback(tensor([1, 1]));
    expect([dx.toArray(), dc.dtype, dc.toArray()]).toEqual([[1, 2], "bool", [0, 0]]);
  });
});
