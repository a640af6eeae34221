import { afterEach, describe, expect, it } from "vitest";
import { scan } from "../lang/control/index.ts";
import { printKernel } from "../lang/kernel/print.ts";
import { add, cast, div, mul, reshape, scatter, sub, sum, take, zeros } from "../lang/ops/index.ts";
import { Tensor } from "../lang/program/tensor.ts";
import { grad } from "../lang/transforms/index.ts";
import { tensor } from "./create.ts";
import { devices, getDevice, setDevice } from "./devices.ts";
import { jit, programOf } from "./jit.ts";
import "./install.ts";

const initial = getDevice();
afterEach(() => setDevice(initial));

const available = devices().filter((device) => device.available);

describe.each(available.map(({ name }) => name))("jit on %s", (device) => {
  it("computes what the function computes", () => {
    setDevice(device);
    const f = (x: Tensor, y: Tensor) => ({ product: mul(x, y), parts: [add(x, y), sum(x)] });
    const x = tensor([[1, 2, 3]]);
    const y = tensor([[4, 5, 6]]);
    const { product, parts } = jit(f)(x, y);
    expect(product.toArray()).toEqual([[4, 10, 18]]);
    expect(parts.map((part) => part.toArray())).toEqual([[[5, 7, 9]], 6]);
  });

  it("traces once per structure, type and setting, not per number", () => {
    setDevice(device);
    let traces = 0;
    const scale = jit((tree: { x: Tensor }, factor: number, mode: string) => {
      traces++;
      return mode === "up" ? mul(tree.x, factor) : div(tree.x, factor);
    });
    const x = tensor([2, 4]);
    expect(scale({ x }, 2, "up").toArray()).toEqual([4, 8]);
    expect(scale({ x }, 3, "up").toArray()).toEqual([6, 12]);
    expect(scale({ x: tensor([5, 6]) }, 0.5, "up").toArray()).toEqual([2.5, 3]);
    expect(traces).toBe(1);
    expect(scale({ x }, 2, "down").toArray()).toEqual([1, 2]);
    expect(traces).toBe(2);
    expect(scale({ x: tensor([1]) }, 2, "up").toArray()).toEqual([2]);
    expect(scale({ x: tensor([1], { dtype: "f64" }) }, 2, "up").dtype).toBe("f64");
    expect(traces).toBe(4);
    expect(scale({ x }, 5, "up").toArray()).toEqual([10, 20]);
    expect(traces).toBe(4);
  });

  it("takes static arguments by value", () => {
    setDevice(device);
    let traces = 0;
    const power = jit(
      (x: Tensor, { times }: { times: number }) => {
        traces++;
        let y = x;
        for (let i = 1; i < times; i++) y = mul(y, x);
        return y;
      },
      { static: 1 },
    );
    const x = tensor([2]);
    expect(power(x, { times: 3 }).item()).toBe(8);
    expect(power(x, { times: 3 }).item()).toBe(8);
    expect(traces).toBe(1);
    expect(power(x, { times: 4 }).item()).toBe(16);
    expect(traces).toBe(2);
  });

  it("keeps constants, empty places and numbers of a result", () => {
    setDevice(device);
    const f = jit((x: Tensor) => ({ x, label: "doubled", none: null, count: 3, list: [add(x, x)] as const }));
    const first = f(tensor([1]));
    const second = f(tensor([2]));
    expect([second.label, second.none, second.count.item(), second.list[0].item()]).toEqual([
      "doubled",
      null,
      3,
      4,
    ]);
    expect([second.count.weak, first.x.item()]).toEqual([true, 1]);
  });

  it("reads captured tensors as inputs", () => {
    setDevice(device);
    const bias = tensor([10, 20]);
    const f = jit((x: Tensor) => add(x, bias));
    expect(f(tensor([1, 2])).toArray()).toEqual([11, 22]);
    expect(f(tensor([3, 4])).toArray()).toEqual([13, 24]);
  });

  it("is written in place inside other transformations", () => {
    setDevice(device);
    const f = jit((x: Tensor) => sum(mul(x, x)));
    const g = jit((x: Tensor) => mul(f(x), 2));
    expect(grad(g)(tensor([1, 2, 3])).toArray()).toEqual([4, 8, 12]);
    expect(jit(grad(f))(tensor([1, 2, 3])).toArray()).toEqual([2, 4, 6]);
    expect(programOf(g, tensor([1, 2])).equations.map(({ primitive }) => primitive.name)).toEqual([
      "mul",
      "sum",
      "mul",
    ]);
  });

  it("leaves donated tensors as they are where an index is out of range", () => {
    setDevice(device);
    const table = tensor([10, 20, 30]);
    const right = tensor([0, 1], { dtype: "i32" });
    const wrong = tensor([1, 3], { dtype: "i32" });
    const steps: [string, number[], (w: Tensor, index: Tensor) => Tensor][] = [
      ["read before", [5, 6], (w, index) => sub(w, take(table, index))],
      [
        "read where the update says",
        [0, 0],
        (w, index) => {
          const updated = mul(w, 2);
          return add(updated, take(table, add(cast(updated, "i32"), index)));
        },
      ],
      [
        "scattered",
        [5, 6, 7],
        (w, index) =>
          add(add(w, 1), scatter(zeros([3]), reshape(index, [2, 1]), tensor([1, 2]), { mode: "add" })),
      ],
      [
        "read in a loop",
        [5, 6, 7],
        (w, index) => scan((carry: Tensor, i: Tensor) => [add(carry, take(table, i)), carry], w, index)[0],
      ],
    ];
    for (const [name, w, f] of steps) {
      const step = jit(f, { donate: 0 });
      const expected = jit(f)(tensor(w), right).toArray();
      const donated = add(tensor(w), 0);
      for (let i = 0; i < 2; i++) {
        expect(() => step(donated, wrong), name).toThrow(/index out of range/);
        expect(donated.toArray(), name).toEqual(w);
      }
      expect(step(donated, right).toArray(), name).toEqual(expected);
      expect(() => donated.toArray(), name).toThrow(/donated/);
    }
  });

  it("takes donated tensors and refuses to use them again", () => {
    setDevice(device);
    const step = jit(
      function step(params: { w: Tensor; b: Tensor }, g: Tensor) {
        return { w: sub(params.w, g), b: add(params.b, 1) };
      },
      { donate: [0] },
    );
    const first = { w: tensor([5, 6]), b: tensor([0]) };
    const g = tensor([1, 2]);
    const second = step(first, g);
    const third = step(second, g);
    expect([third.w.toArray(), third.b.toArray()]).toEqual([[3, 2], [2]]);
    const message =
      /use of a donated tensor: got a tensor that was given away as argument 0\.w of jit\(step\)/;
    expect(() => first.w.dataSync()).toThrow(message);
    expect(() => add(first.w, 1)).toThrow(message);
    expect(() => step(second, g)).toThrow(message);
    expect(String(first.w)).toMatch(/^donated f32\[2\]/);
    // A failed call gives nothing away.
    expect(() => step({ w: third.w, b: first.b }, g)).toThrow(/argument 0\.b of jit\(step\)/);
    expect(third.w.toArray()).toEqual([3, 2]);
  });

  it("gives away a copy of what it also reads, or gets twice", () => {
    setDevice(device);
    const swap = jit((pair: Tensor[], x: Tensor) => [add(pair[0], x), mul(pair[1], x)], { donate: 0 });
    const shared = tensor([1, 2, 3]);
    const [a, b] = swap([shared, shared], tensor([2, 2, 2]));
    expect([a.toArray(), b.toArray()]).toEqual([
      [3, 4, 5],
      [2, 4, 6],
    ]);
    const [c, d] = swap([a, b], b);
    expect([c.toArray(), d.toArray()]).toEqual([
      [5, 8, 11],
      [4, 16, 36],
    ]);
    expect(() => b.dataSync()).toThrow(/donated/);
  });

  it("agrees with eager evaluation to the bit", () => {
    setDevice(device);
    const f = (x: Tensor) => div(mul(x, 0.3), add(mul(x, x), 0.1));
    const x = tensor(Float32Array.from({ length: 37 }, (_, i) => (i - 18) / 7));
    expect(jit(f)(x).dataSync()).toEqual(f(x).dataSync());
  });
});

describe("jit", () => {
  it("refuses to read a value inside, naming its origin and the way out", () => {
    const f = jit(function step(x: Tensor) {
      return mul(x, 2).item() > 0 ? x : sub(0, x);
    });
    expect(() => f(tensor(1))).toThrow(
      /reading a value: got the symbolic f32\[\] \(a result of 'mul' of jit\(step\)\).*cond or where/,
    );
  });

  it("refuses arithmetic of JS on tensors, which would silently give NaN", () => {
    expect(Number(tensor(2.5)) * 2).toBe(5);
    expect(() => Number(tensor([1, 2]))).toThrow(/item: got f32\[2\]/);
    // A number argument is a scalar tensor inside.
    expect(() => jit((rate: number) => rate * 2)(0.5)).toThrow(/symbolic f64\[\]/);
  });

  it("refuses a symbolic tensor that outlived its trace", () => {
    let kept = tensor(0);
    jit((x: Tensor) => {
      kept = add(x, 1);
      return kept;
    })(tensor(1));
    expect(() => add(kept, 1)).toThrow(/result of 'add'.*whose tracing has ended/);
    expect(() => jit((x: Tensor) => add(x, 1))(kept)).toThrow(/tracing has ended/);
    expect(() => kept.item()).toThrow(/tracing has ended/);
    expect(String(kept)).toMatch(/^symbolic f32\[\] \(a result of 'add'.*tracing has ended\)$/);
  });

  it("refuses what is neither data nor a setting", () => {
    const f = jit((x: unknown) => (x instanceof Tensor ? x : 0), { name: "f" });
    expect(() => f({ a: [new Map()] })).toThrow(/f: got a Map as argument 0\.a\[0\]/);
    expect(() => f(() => 1)).toThrow(/a function as argument 0.*list the argument in 'static'/);
    expect(() => f(new Float32Array(1))).toThrow(/a Float32Array as argument 0/);
    expect(() => jit((x: unknown) => x, { static: 0 })(tensor(1))).toThrow(/do not list tensors in 'static'/);
    expect(() => jit(() => new Map())()).toThrow(/a Map in the result/);
    // @ts-expect-error: no such option
    expect(() => jit(() => 0, { statics: 0 })).toThrow(/did you mean 'static'/);
    expect(() => jit(() => 0, { static: 0, donate: [0] })).toThrow(/static and donated/);
    expect(() => jit(() => 0, { donate: -1 })).toThrow(/positions of arguments/);
  });

  it("shows its program and its kernels", () => {
    setDevice("wasm");
    const lowered = jit((x: Tensor) => mul(add(x, 1), 2)).lower(tensor([1, 2]));
    expect(String(lowered)).toBe(
      "(v0: f32[2]) => {\n  v1: f32[2] = add(v0, 1:f32)\n  v2: f32[2] = mul(v1, 2:f32)\n  return v2\n}",
    );
    expect(lowered.kernels()).toHaveLength(1);
    expect(printKernel(lowered.kernels()[0])).toContain("b1[i0] = (b0[i0] + 1) * 2");
    setDevice("reference");
    expect(
      jit((x: Tensor) => mul(x, 2))
        .lower(tensor(1))
        .kernels(),
    ).toEqual([]);
  });
});
