import { beforeAll, describe, test } from "vitest";
import { isFloat } from "../../src/base/dtype.ts";
import { slice, squeeze, stack } from "../../src/lang/ops/index.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { vjp, vmap } from "../../src/lang/transforms/index.ts";
import { jit } from "../../src/tensor/jit.ts";
import {
  type Case,
  casesOf,
  compared,
  compileTogether,
  draw,
  expectClose,
  primitives,
  runOn,
  toleranceOf,
} from "./harness.ts";

const cases = casesOf(...primitives).filter(([, { sample }]) => sample.inputs.length > 0);
const size = 3;

/** Operands of each example, and how often: the batched ones differ. */
function examplesOf({ sample }: Case, isBatched: readonly boolean[]): Tensor[][] {
  const first = draw(sample, 1);
  return Array.from({ length: size }, (_, k) =>
    draw(sample, 1 + k).map((x, i) => (isBatched[i] ? x : first[i])),
  );
}

function loop(f: Case["apply"], examples: readonly Tensor[][], axis: number): Tensor[] {
  const results = examples.map((operands) => f(...operands));
  return results[0].map((_, k) =>
    stack(
      results.map((outputs) => outputs[k]),
      axis,
    ),
  );
}

/** The batched operands of the examples with the batch along an axis, the others as they are. */
function batchOf(examples: readonly Tensor[][], isBatched: readonly boolean[], axis: number): Tensor[] {
  return examples[0].map((x, i) =>
    isBatched[i]
      ? stack(
          examples.map((operands) => operands[i]),
          axis,
        )
      : x,
  );
}

/** Every choice of operands, at least one of them; a single flag for all when they are many. */
function choices(count: number): boolean[][] {
  if (count > 3) return [Array<boolean>(count).fill(true)];
  return Array.from({ length: 2 ** count - 1 }, (_, mask) =>
    Array.from({ length: count }, (_, i) => (((mask + 1) >> i) & 1) === 1),
  );
}

describe("vmap on the reference is a loop, whichever operands are batched:", () => {
  test.each(cases)("%s", (_, each) => {
    for (const isBatched of choices(each.sample.inputs.length)) {
      const examples = examplesOf(each, isBatched);
      const inAxes = isBatched.map((flag) => (flag ? 0 : null));
      const got = (): Tensor[] => vmap(each.apply, { inAxes })(...batchOf(examples, isBatched, 0));
      const wanted = (): Tensor[] => loop(each.apply, examples, 0);
      expectClose(runOn("reference", got), runOn("reference", wanted), "bits");
    }
  });
});

describe("vmap along last axes, of a vmap, and of a gradient is a loop:", () => {
  test.each(cases)("%s", (_, each) => {
    const all = each.sample.inputs.map(() => true);
    const examples = examplesOf(each, all);
    const check = (got: () => Tensor[], wanted: () => Tensor[]): void =>
      expectClose(runOn("reference", got), runOn("reference", wanted), "bits");
    check(
      () => vmap(each.apply, { inAxes: -1, outAxes: -1 })(...batchOf(examples, all, -1)),
      () => loop(each.apply, examples, -1),
    );
    const twice = [examples, [...examples].reverse()];
    check(
      () =>
        vmap(vmap(each.apply))(
          ...batchOf(
            twice.map((part) => batchOf(part, all, 0)),
            all,
            0,
          ),
        ),
      () =>
        loop(
          (...batch) => loop(each.apply, unstack(batch), 0),
          twice.map((part) => batchOf(part, all, 0)),
          0,
        ),
    );
    if (each.sample.differentiable !== undefined || !each.sample.inputs.some(({ dtype }) => isFloat(dtype)))
      return;
    const gradient = (...operands: Tensor[]): Tensor[] => {
      const [outputs, pullback] = vjp(each.apply, ...operands);
      return pullback(outputs);
    };
    check(
      () => vmap(gradient)(...batchOf(examples, all, 0)),
      () => loop(gradient, examples, 0),
    );
  });
});

/** The operands of each example of a batch along axis 0. */
function unstack(batch: readonly Tensor[]): Tensor[][] {
  return Array.from({ length: size }, (_, k) => batch.map((x) => squeeze(slice(x, [k], [k + 1]), 0)));
}

describe.each(compared)("compiled vmap on %s equals the reference:", (device) => {
  const batchFor = (each: Case): Tensor[] => {
    const all = each.sample.inputs.map(() => true);
    return batchOf(examplesOf(each, all), all, 0);
  };
  beforeAll(() => {
    compileTogether(
      device,
      // Operands are made outside, so that the kernels are those of each run by itself.
      cases.map(([, each]) => {
        const operands = batchFor(each);
        return () => vmap(each.apply)(...operands);
      }),
    );
  }, 120_000);

  test.each(cases)("%s", (_, each) => {
    const operands = batchFor(each);
    const apply = vmap(each.apply);
    const got = runOn(device, () => jit(apply)(...operands));
    const tolerance = toleranceOf({ ...each, apply }, operands);
    expectClose(
      got,
      runOn("reference", () => apply(...operands)),
      tolerance,
    );
  });
});
