import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { pair, run } from "../../test/optimizer-path.ts";
import { jit, mul, NeuriteError, Tensor, tensor } from "../tensor/index.ts";
import * as optim from "./index.ts";
import {
  adam,
  chain,
  cosineDecay,
  decoupledWeightDecay,
  exponentialCooling,
  exponentialDecay,
  type LearningRate,
  lion,
  type OptimizerDescription,
  oneCycle,
  optimizerFromConfig,
  piecewiseConstantDecay,
  polynomialDecay,
  type Schedule,
  scheduledRate,
  sgd,
  warmup,
} from "./index.ts";

interface Case extends OptimizerDescription {
  readonly rates: readonly number[];
}

const { schedules }: { schedules: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/fixtures/optimizers.json", import.meta.url), "utf8"),
);

/** The schedule of a description, as an optimizer that was saved has it. */
function scheduleOf({ type, config }: OptimizerDescription): Schedule {
  const { schedule } = optimizerFromConfig({ type: "sgd", config: { learningRate: { type, config } } });
  return schedule ?? expect.fail("no schedule");
}

function ratesOf(schedule: Schedule, count: number): number[] {
  const rate = jit((step: Tensor) => schedule(step));
  return Array.from({ length: count }, (_, i) => rate(tensor(i + 1, { dtype: "f64" })).item());
}

function expectClose(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of got.entries()) expect(value).toBeCloseTo(wanted[i], 12);
}

test.each(schedules.map((one): [string, Case] => [`${one.type} ${JSON.stringify(one.config)}`, one]))(
  "%s follows PyTorch for 20 steps, and is what it was after saving",
  (_, { type, config, rates }) => {
    const schedule = scheduleOf({ type, config });
    expectClose(ratesOf(schedule, rates.length), rates);
    expect(rates).toHaveLength(20);
    expect(schedule.learningRate).toBe(type === "oneCycle" ? 0.5 : rates[0]);
    expect(schedule.type).toBe(type);
    const again = scheduleOf(JSON.parse(JSON.stringify({ type: schedule.type, config: schedule.config })));
    expect(ratesOf(again, 5)).toEqual(ratesOf(schedule, 5));
    expect(Object.keys(optim)).toContain(type);
  },
);

test("lecture 4, Stochastic Gradient Descent: exponential cooling is η = η₀ᵗ", () => {
  const cooled = ratesOf(exponentialCooling({ base: 0.9 }), 10);
  expectClose(
    cooled,
    cooled.map((_, i) => 0.9 ** (i + 1)),
  );
});

test("a rate stays where its schedule ends", () => {
  const at = (schedule: Schedule): number => schedule(tensor(1000, { dtype: "f64" })).item();
  const options = { initialLearningRate: 0.5, decaySteps: 10 };
  expect(at(polynomialDecay(options))).toBeCloseTo(0.0001, 15);
  expect(at(cosineDecay({ ...options, alpha: 0.5 }))).toBeCloseTo(0.25, 15);
  expect(at(oneCycle({ maximumLearningRate: 1, steps: 10 }))).toBeCloseTo(1 / 25e4, 15);
});

test("a warm-up rises on a line from 0, and hands over to a rate or to a schedule from its beginning", () => {
  const rising = [0, 0.125, 0.25, 0.375];
  expectClose(ratesOf(warmup({ learningRate: 0.5, steps: 4 }), 7), [...rising, 0.5, 0.5, 0.5]);
  const decay = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.1 });
  const schedule = warmup({ learningRate: decay, steps: 4 });
  expectClose(ratesOf(schedule, 7), [...rising, 0.5, 0.05, 0.005]);
  const again = scheduleOf(JSON.parse(JSON.stringify({ type: schedule.type, config: schedule.config })));
  expect(ratesOf(again, 7)).toEqual(ratesOf(schedule, 7));
});

test("a one-cycle without warm-up only falls", () => {
  const rates = ratesOf(oneCycle({ maximumLearningRate: 1, steps: 5, warmupShare: 0 }), 5);
  expect(rates.every((rate, i) => i === 0 || rate < rates[i - 1])).toBe(true);
  expect(rates.every(Number.isFinite)).toBe(true);
});

test("an optimizer takes the rates of its schedule, and so do the other stages of its chain", () => {
  const decay = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.7 });
  const rates = ratesOf(decay, 6);
  const pairs: [(learningRate: LearningRate) => optim.Optimizer, string][] = [
    [(learningRate) => sgd({ learningRate, momentum: 0.5 }), "sgd"],
    [(learningRate) => adam({ learningRate }), "adam"],
    [(learningRate) => chain(lion({ learningRate }), decoupledWeightDecay({ rate: 0.5 })), "chain"],
  ];
  for (const [make, type] of pairs) {
    const optimizer = make(decay);
    expect([optimizer.type, optimizer.learningRate]).toEqual([type, 0.5]);
    const wanted = run(make(0.5), 6, rates);
    for (const [i, row] of run(optimizer, 6).entries()) expectClose(row, wanted[i]);
  }
});

test("another learning rate scales the whole schedule", () => {
  const decay = exponentialDecay({ initialLearningRate: 0.5, decaySteps: 1, decayRate: 0.7 });
  const halved = run(sgd({ learningRate: decay }), 4, [0.25, 0.25, 0.25, 0.25]);
  const wanted = run(
    sgd(),
    4,
    ratesOf(decay, 4).map((rate) => rate / 2),
  );
  for (const [i, row] of halved.entries()) expectClose(row, wanted[i]);
});

test("a schedule of one's own is a plain function, whose model has the learning rate 1", () => {
  const optimizer = sgd({ learningRate: (step) => mul(step, 0.1) });
  expect(optimizer.learningRate).toBe(1);
  for (const [i, row] of run(optimizer, 3).entries()) expectClose(row, run(sgd(), 3, [0.1, 0.2, 0.3])[i]);
  expect(() => optimizerFromConfig(JSON.parse(JSON.stringify(optimizer)))).toThrow(
    "schedule: got 'schedule'",
  );
});

test("a step with a schedule is compiled once", () => {
  const optimizer = adam({ learningRate: cosineDecay({ initialLearningRate: 0.1, decaySteps: 10 }) });
  let traced = 0;
  const step = jit((params: Tensor[], count: number) => {
    traced++;
    const context = { params, step: tensor(1), learningRate: optimizer.learningRate };
    const rate = scheduledRate(optimizer.schedule, { ...context, step: mul(context.step, count) });
    return rate instanceof Tensor ? rate : tensor(rate);
  });
  expect(step(pair(1), 1).item()).toBeCloseTo(0.1, 7);
  expect(step(pair(1), 6).item()).toBeCloseTo(0.05, 7);
  expect(traced).toBe(1);
});

const rates = { initialLearningRate: 0.1, decaySteps: 10 };

test.each<[string, () => unknown, RegExp]>([
  ["cooling that heats", () => exponentialCooling({ base: 1 }), /base: 1, expected at least 0 and below 1/],
  ["cooling at once", () => exponentialCooling({ base: 0 }), /base: 0, expected a positive number/],
  [
    "a rate of 0",
    () => cosineDecay({ ...rates, initialLearningRate: 0 }),
    /initialLearningRate: 0, expected a pos/,
  ],
  [
    "half a step",
    () => cosineDecay({ ...rates, decaySteps: 0.5 }),
    /decaySteps: 0.5, expected a whole number/,
  ],
  [
    "no decay rate",
    () =>
      optimizerFromConfig({
        type: "sgd",
        config: { learningRate: { type: "exponentialDecay", config: rates } },
      }),
    /exponentialDecay: got decayRate: undefined, expected a finite number/,
  ],
  ["a negative end", () => polynomialDecay({ ...rates, endLearningRate: -1 }), /endLearningRate: -1/],
  ["a warm-up of no steps", () => warmup({ learningRate: 0.1, steps: 0 }), /warmup: got steps: 0/],
  ["too few values", () => piecewiseConstantDecay({ boundaries: [1, 2], values: [1, 2] }), /one value more/],
  [
    "boundaries that fall",
    () => piecewiseConstantDecay({ boundaries: [5, 5], values: [3, 2, 1] }),
    /boundaries: 5, expected at least 6/,
  ],
  ["only warm-up", () => oneCycle({ maximumLearningRate: 1, steps: 9, warmupShare: 1 }), /warmupShare: 1/],
  [
    "an unknown schedule",
    () => scheduleOf({ type: "cosineDeca", config: {} }),
    /schedule: got 'cosineDeca'.*did you mean 'cosineDecay'/,
  ],
  [
    "text for a rate",
    () => sgd({ learningRate: JSON.parse('"cosine"') }),
    /learningRate: cosine, expected a finite number or a schedule/,
  ],
])("refuses %s", (_, make, message) => {
  expect(make).toThrow(NeuriteError);
  expect(make).toThrow(message);
});
