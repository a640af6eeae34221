import { expect, test } from "vitest";
import "../../tensor/install.ts";
import type { TypedArray } from "../../base/dtype.ts";
import { interpretPlan } from "../../lang/kernel/interpret.ts";
import { printKernel } from "../../lang/kernel/print.ts";
import { verifyKernel } from "../../lang/kernel/verify.ts";
import { add, mul } from "../../lang/ops/arithmetic.ts";
import { zeros } from "../../lang/ops/create.ts";
import { tanh } from "../../lang/ops/exponential.ts";
import { scatter } from "../../lang/ops/indexing.ts";
import { matmul } from "../../lang/ops/matmul.ts";
import { sort } from "../../lang/ops/sorting.ts";
import { logSoftmax, mean } from "../../lang/ops/statistics.ts";
import { reshape, sum, transpose } from "../../lang/ops/structure.ts";
import type { Tensor } from "../../lang/program/tensor.ts";
import { trace } from "../../lang/program/trace.ts";
import { valueAndGrad } from "../../lang/transforms/gradient.ts";
import { tensor } from "../../tensor/create.ts";
import { setDevice } from "../../tensor/devices.ts";
import { compile } from "./index.ts";

// Interpreted plans and reference rules round alike.
setDevice("reference");

function random(shape: number[]): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => Math.sin(i * 12.9898 + size) * 2),
    { shape },
  );
}

function check(f: (...x: Tensor[]) => Tensor[], args: Tensor[], donated?: boolean[]): void {
  const eager = f(...args);
  const { program, captured } = trace(f, args, { name: "f" });
  expect(captured).toHaveLength(0);
  const plan = compile(program, donated === undefined ? {} : { donated });
  for (const command of plan.commands) {
    if (command.kind !== "kernel") continue;
    if (process.env.SHOW) console.log(printKernel(command.kernel), command.buffers);
    verifyKernel(command.kernel);
  }
  const { outputs, error } = interpretPlan(
    plan,
    args.map((x): TypedArray => x.dataSync()),
  );
  expect(error).toBe(0);
  for (const [i, output] of outputs.entries()) {
    const expected = eager[i].dataSync();
    expect(output.length).toBe(expected.length);
    for (let k = 0; k < expected.length; k++) expect(output[k]).toBeCloseTo(expected[k], 4);
  }
}

test("a dense layer with its gradients and update", () => {
  check(
    (x, W, b, c) => {
      const z = add(matmul(x, W), b);
      const a = mul(z, z);
      const da = mul(a, c);
      const dz = mul(mul(da, a), 0.5);
      const dW = matmul(transpose(x), dz);
      const db = sum(dz, { axis: 0 });
      const dx = matmul(dz, transpose(W));
      return [a, dx, add(W, mul(dW, -0.1)), add(b, mul(db, -0.1))];
    },
    [random([5, 7]), random([7, 6]), random([6]), random([5, 6])],
    [false, true, true, false],
  );
});

test("reshape, broadcast and shared results", () => {
  check(
    (x, y) => {
      const flat = reshape(mul(x, 2), [12]);
      const s = sum(mul(flat, y));
      return [flat, s, add(flat, s), x, x];
    },
    [random([3, 4]), random([12])],
  );
});

test("updates in place read what they overwrite before it is gone", () => {
  // Momentum: w′ reads m, whose buffer m′ takes.
  const momentum = (w: Tensor, m: Tensor, g: Tensor): Tensor[] => {
    const next = add(mul(m, 0.9), g);
    return [next, add(w, mul(add(m, next), -0.1))];
  };
  check(momentum, [random([20]), random([20]), random([20])], [true, true, false]);
  // Each output reads what the other would overwrite: only one of them can be in place.
  const rotate = (x: Tensor, y: Tensor): Tensor[] => [
    add(mul(x, 0.6), mul(y, 0.8)),
    add(mul(x, -0.8), mul(y, 0.6)),
  ];
  check(rotate, [random([20]), mul(random([20]), 3)], [true, true]);
});

test("a kernel reads what it computes itself under every name of it, not from memory", () => {
  // The maximum of a row goes by a second name, as stopGradient(maximum), in the kernel that computes it.
  const loss = (z: Tensor, y: Tensor): Tensor => mean(sum(mul(logSoftmax(z), y), { axis: -1 }));
  check((z, y) => valueAndGrad(loss)(z, y), [random([4, 3]), random([4, 3])]);
});

test("the check of an index reads it before its memory is used again", () => {
  // The gradient of a sort scatters by the order that the sort returns.
  const loss = (x: Tensor): Tensor => add(sum(sort(x)), sum(tanh(x)));
  check((x) => valueAndGrad(loss)(x), [random([2])]);
});

test("a scatter without updates gives its initial values", () => {
  check((x) => [scatter(mul(x, 2), zeros([0, 1], "i32"), zeros([0]))], [random([3])]);
});

test("an output goes to a donated input: one that it updates in place, else one that nobody reads", () => {
  const places = (f: (...x: Tensor[]) => Tensor[], count: number): (number | undefined)[] => {
    const args = Array.from({ length: count }, () => random([3, 3]));
    check(
      f,
      args,
      args.map(() => true),
    );
    const { program } = trace(f, args, { name: "f" });
    const { buffers, outputs } = compile(program, { donated: args.map(() => true) });
    return outputs.map((output) => {
      const { place } = buffers[output];
      return place.kind === "input" ? place.input : undefined;
    });
  };
  expect(places((_room, x) => [mul(x, 2)], 2)).toEqual([1]);
  expect(places((_room, x) => [mul(x, 2), add(x, 1)], 2)).toEqual([1, 0]);
  expect(places((_room, x) => [matmul(x, x), mul(x, 2)], 2)).toEqual([0, 1]);
  expect(places((x, y) => [matmul(x, y)], 2)).toEqual([undefined]);
});
