import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fixtureValues } from "../../test/fixtures/generator.ts";
import { flatten } from "../base/tree.ts";
import { add, jit, NeuriteError, Tensor, tensor } from "../tensor/index.ts";
import {
  adam,
  chain,
  mapTensors,
  momentum,
  type Optimizer,
  optimizerFromConfig,
  optimizerOf,
  scale,
  sgd,
  type TensorTree,
} from "./index.ts";

interface Fixture {
  readonly cases: readonly {
    readonly name: string;
    readonly options: Readonly<Record<string, number | boolean>>;
    readonly params: readonly (readonly number[])[];
  }[];
}

const { cases }: Fixture = JSON.parse(
  readFileSync(new URL("../../test/fixtures/optimizers.json", import.meta.url), "utf8"),
);
const typeOf: Readonly<Record<string, string>> = { nesterov: "sgd", adamQuick: "adam" };

const values = (seed: number): Tensor => tensor(fixtureValues(seed, 4, 1));

/** The elements after each of some steps; the learning rate is that of the optimizer unless one is given. */
function run(optimizer: Optimizer, steps: number, rates: readonly number[] = []): number[][] {
  let params: TensorTree = values(1);
  let state = optimizer.init(params);
  return Array.from({ length: steps }, (_, i) => {
    const step = tensor(i + 1, { dtype: "f64" });
    const context = { params, step, learningRate: rates[i] ?? optimizer.learningRate };
    const updated = optimizer.update(values(10 + i), state, context);
    params = mapTensors(add, params, updated.updates);
    state = updated.state;
    return elements(params);
  });
}

function elements(tree: TensorTree): number[] {
  if (!(tree instanceof Tensor)) throw new Error("expected a tensor");
  return [...tree.dataSync()];
}

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i], 13);
}

test.each(cases)("$name follows PyTorch", ({ name, options, params }) => {
  const optimizer = optimizerFromConfig({ type: typeOf[name] ?? name, config: options });
  for (const [step, got] of run(optimizer, params.length).entries()) expectClose(got, params[step]);
});

test("by default each has the rates of Keras", () => {
  expect(sgd().config).toEqual({ learningRate: 0.01, momentum: 0, nesterov: false });
  expect(momentum().config).toEqual({ learningRate: 0.01, momentum: 0.9, nesterov: false });
  expect(adam().config).toEqual({ learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 });
});

test("Adam's first step is η g / (|g| + ε), in f32 too", () => {
  const params = tensor([1, -2, 0.5]);
  const optimizer = adam({ learningRate: 0.5, epsilon: 0 });
  const context = { params, step: tensor(1), learningRate: 0.5 };
  const { updates } = optimizer.update(tensor([3, -0.001, 20]), optimizer.init(params), context);
  for (const [i, value] of elements(updates).entries())
    expect(value / [-0.5, 0.5, -0.5][i]).toBeCloseTo(1, 6);
});

test("momentum is Δβ ← αΔβ − η∇L, so that a new rate counts from now on", () => {
  const [g1, g2] = [elements(values(10)), elements(values(11))];
  const steps = run(sgd({ momentum: 0.5 }), 2, [0.1, 0.01]);
  expectClose(
    steps[1],
    elements(values(1)).map((w, i) => w - 0.1 * g1[i] + (0.5 * -0.1 * g1[i] - 0.01 * g2[i])),
  );
});

test("a chain hands the updates of each stage to the next", () => {
  expect(run(chain(scale({ factor: -2 }), sgd({ learningRate: 0.1 })), 3)).toEqual(
    run(sgd({ learningRate: -0.2 + 0.4 }), 3, [-0.2, -0.2, -0.2]),
  );
  const halved = chain(momentum(), scale({ factor: 0.5 }));
  for (const [i, row] of run(halved, 3).entries()) {
    expectClose(
      row,
      elements(values(1)).map((start, k) => start + 0.5 * (run(momentum(), 3)[i][k] - start)),
    );
  }
});

test("trees keep their structure, and a jitted step gives the same bits", () => {
  const optimizer = chain(scale({ factor: 2 }), adam());
  const params = { hidden: { weights: values(1), biases: values(2) }, output: [values(3)] };
  const gradients = { hidden: { weights: values(4), biases: values(5) }, output: [values(6)] };
  const step = (rate: number): TensorTree => {
    const context = { params, step: tensor(3, { dtype: "f64" }), learningRate: rate };
    return optimizer.update(gradients, optimizer.init(params), context).updates;
  };
  const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
  const eager = flatten(step(0.001), isTensor);
  const jitted = flatten(jit(step)(0.001), isTensor);
  expect(eager.paths).toEqual(["hidden.weights", "hidden.biases", "output.0"]);
  expect(jitted.paths).toEqual(eager.paths);
  for (const [i, leaf] of eager.leaves.entries()) expectClose(elements(jitted.leaves[i]), elements(leaf));
});

test.each<[string, Optimizer]>([
  ["sgd", sgd({ learningRate: 0.2, momentum: 0.3, nesterov: true })],
  ["momentum", momentum({ learningRate: 0.3 })],
  ["adam", adam({ beta2: 0.99 })],
  ["chain", chain(scale({ factor: 0.1 }), adam({ learningRate: 0.2 }))],
])("%s can be made again from its description", (_, optimizer) => {
  const { type, config } = JSON.parse(JSON.stringify({ type: optimizer.type, config: optimizer.config }));
  const again = optimizerFromConfig({ type, config });
  expect([again.type, again.config, again.learningRate]).toEqual([type, config, optimizer.learningRate]);
  expect(run(again, 3)).toEqual(run(optimizer, 3));
});

test("a name stands for the defaults, an optimizer for itself", () => {
  expect(optimizerOf("adam").config).toEqual(adam().config);
  const own = sgd();
  expect(optimizerOf(own)).toBe(own);
});

test.each<[string, () => unknown, RegExp]>([
  ["an unknown name", () => optimizerFromConfig({ type: "adm", config: {} }), /'adm'.*did you mean 'adam'/],
  ["no description", () => optimizerFromConfig("adam"), /got "adam", expected {"type"/],
  [
    "a stage without a rate",
    () => optimizerFromConfig({ type: "scale", config: { factor: 2 } }),
    /learning rate/,
  ],
  [
    "an unknown option",
    () => optimizerFromConfig({ type: "adam", config: { beta: 1 } }),
    /'beta'.*did you mean 'beta1'/,
  ],
  [
    "text for a number",
    () => optimizerFromConfig({ type: "sgd", config: { learningRate: "a" } }),
    /a finite number/,
  ],
  [
    "a number for a truth value",
    () => optimizerFromConfig({ type: "sgd", config: { nesterov: 1 } }),
    /true or false/,
  ],
  ["a negative rate", () => sgd({ learningRate: -1 }), /sgd: got learningRate: -1, expected at least 0/],
  ["NaN", () => adam({ learningRate: Number.NaN }), /learningRate: NaN/],
  ["β₂ of 1", () => adam({ beta2: 1 }), /beta2: 1, expected at least 0 and below 1/],
  [
    "no factor",
    () => optimizerFromConfig({ type: "chain", config: { stages: [{ type: "scale", config: {} }] } }),
    /factor/,
  ],
  ["a chain without optimizer", () => chain(scale({ factor: 1 })), /0 optimizers in \[scale\]/],
  ["a chain with two", () => chain(sgd(), adam()), /2 optimizers in \[sgd, adam\]/],
])("refuses %s", (_, make, message) => {
  expect(make).toThrow(NeuriteError);
  expect(make).toThrow(message);
});
