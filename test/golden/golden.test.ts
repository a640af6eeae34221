// Programs, plans and code of a few known functions as files, so that a change of the compiler is seen in review.
// After a change that is meant: npx vitest run test/golden --update
import { beforeAll, describe, expect, test } from "vitest";
import { renderKernel, wasmRenderer } from "../../src/exec/render/wasm/kernels.ts";
import { scan } from "../../src/lang/control/index.ts";
import { verifyKernel } from "../../src/lang/kernel/verify.ts";
import {
  add,
  conv,
  expandDims,
  logSoftmax,
  matmul,
  maxPool,
  mean,
  mul,
  neg,
  relu,
  softplus,
  square,
  sub,
  sum,
  takeAlongAxis,
  tanh,
  zeros,
} from "../../src/lang/ops/index.ts";
import { printProgram } from "../../src/lang/program/print.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { verifyProgram } from "../../src/lang/program/verify.ts";
import { grad, valueAndGrad } from "../../src/lang/transforms/index.ts";
import { adam } from "../../src/optim/adam.ts";
import { mapTensors, type TensorTree } from "../../src/optim/optimizer.ts";
import { setDevice } from "../../src/tensor/devices.ts";
import { type Jitted, jit } from "../../src/tensor/jit.ts";
import { disassemble } from "./disassemble.ts";
import { compiledKernels, printPlan } from "./print-plan.ts";

beforeAll(() => setDevice("wasm"));

const f32 = (...shape: number[]): Tensor => zeros(shape, "f32");

/** A function with arguments bound, of which only the program matters. */
function bound<A extends unknown[]>(f: Jitted<A, unknown>, ...args: A): () => ReturnType<typeof f.lower> {
  return () => f.lower(...args);
}

// −mean(y log σ(z) + (1 − y) log(1 − σ(z))) = mean(log(1 + eᶻ) − y z)
const logisticLoss = (w: Tensor, b: Tensor, x: Tensor, y: Tensor): Tensor => {
  const z = add(matmul(x, w), b);
  return mean(sub(softplus(z), mul(y, z)));
};

const denseLoss = (W: Tensor, b: Tensor, x: Tensor, y: Tensor): Tensor =>
  mean(square(sub(tanh(add(matmul(x, W), b)), y)));

const denseStep = (W: Tensor, b: Tensor, x: Tensor, y: Tensor, rate: number): Tensor[] => {
  const [loss, [dW, db]] = valueAndGrad(denseLoss, [0, 1])(W, b, x, y);
  return [loss, sub(W, mul(dW, rate)), sub(b, mul(db, rate))];
};

const crossEntropy = (z: Tensor, labels: Tensor): Tensor =>
  neg(mean(takeAlongAxis(logSoftmax(z), expandDims(labels, -1))));

const convolutionLoss = (kernel: Tensor, b: Tensor, x: Tensor): Tensor =>
  sum(square(maxPool(relu(add(conv(x, kernel), b)), [2, 2])));

const recurrentLoss = (W: Tensor, V: Tensor, xs: Tensor): Tensor => {
  const cell = (h: Tensor, x: Tensor): [Tensor, undefined] => [
    tanh(add(matmul(x, W), matmul(h, V))),
    undefined,
  ];
  return sum(square(scan(cell, zeros([4, 6]), xs)[0]));
};

const adamStep = (
  W: Tensor,
  m: Tensor,
  v: Tensor,
  gradient: Tensor,
  step: Tensor,
  rate: number,
): TensorTree => {
  const context = { params: W, step, learningRate: rate };
  const { updates, state } = adam().update(gradient, { m, v }, context);
  return [mapTensors(add, W, updates), state];
};

const functions: readonly [name: string, lower: () => ReturnType<Jitted<unknown[], unknown>["lower"]>][] = [
  ["logistic-regression-gradient", bound(jit(grad(logisticLoss, [0, 1])), f32(5), f32(), f32(8, 5), f32(8))],
  ["dense-step", bound(jit(denseStep, { donate: [0, 1] }), f32(5, 4), f32(4), f32(8, 5), f32(8, 4), 0.1)],
  ["softmax-cross-entropy-gradient", bound(jit(grad(crossEntropy)), f32(8, 10), zeros([8], "i32"))],
  [
    "convolution-relu-pooling",
    bound(jit(grad(convolutionLoss, [0, 1])), f32(3, 3, 2, 4), f32(4), f32(2, 8, 8, 2)),
  ],
  ["recurrent-scan-gradient", bound(jit(grad(recurrentLoss, [0, 1])), f32(3, 6), f32(6, 6), f32(5, 4, 3))],
  [
    "adam-update",
    bound(jit(adamStep, { donate: [0, 1, 2] }), f32(6, 4), f32(6, 4), f32(6, 4), f32(6, 4), f32(), 0.001),
  ],
];

describe.each(functions)("%s", (name, lower) => {
  test("has the program, the plan and the kernels of its file", async () => {
    const { program, plan } = lower();
    verifyProgram(program);
    if (plan === undefined) throw new Error("the wasm device has plans");
    const kernels = compiledKernels(plan.commands);
    for (const kernel of kernels) verifyKernel(kernel);
    const keys = new Set(kernels.map((kernel) => renderKernel(kernel).key));
    const text = `${printProgram(program)}\n\n${printPlan(plan)}\n\n${kernels.length} kernels, ${keys.size} functions\n`;
    await expect(text).toMatchFileSnapshot(`${name}.txt`);
  });
});

test("the code of a small update is that of its file", async () => {
  const update = jit((w: Tensor, gradient: Tensor, rate: number) => sub(w, mul(gradient, rate)), {
    donate: 0,
  });
  const { plan } = update.lower(f32(1000), f32(1000), 0.1);
  const module = wasmRenderer({}).encode(
    compiledKernels(plan?.commands ?? []).map((kernel) => renderKernel(kernel)),
  );
  expect(WebAssembly.validate(module)).toBe(true);
  await expect(`${disassemble(module)}\n`).toMatchFileSnapshot("sgd-update.wasm.txt");
});
