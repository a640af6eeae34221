import { describe, expect, it } from "vitest";
import { isFloat } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import { tensor } from "../../tensor/create.ts";
import "../../../test/on-reference.ts";
import type { Primitive, Sample } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, trace } from "../program/trace.ts";
import { verifyProgram } from "../program/verify.ts";
import { checkGradients } from "../transforms/check.ts";
import { vjp } from "../transforms/directional.ts";
import { vmap } from "../transforms/vectorize.ts";
import { primitives } from "./index.ts";

function draw({ inputs, ranges }: Sample, seed: number): Tensor[] {
  let state = seed;
  return inputs.map(({ dtype, shape }, i) => {
    const [low, high] = ranges?.[i] ?? (isFloat(dtype) ? [-2, 2] : [0, 5]);
    const values = Array.from({ length: sizeOf(shape) }, () => {
      state = (state * 48271) % 2147483647;
      return low + ((high - low) * state) / 2147483647;
    });
    return tensor(values, { shape: [...shape], dtype });
  });
}

const cases = primitives.flatMap((primitive) =>
  (primitive.samples ?? []).map((sample, i): [string, Primitive, Sample] => [
    `${primitive.name} ${i}`,
    primitive,
    sample,
  ]),
);

describe.each(cases)("%s", (_, primitive, sample) => {
  const f = (...inputs: Tensor[]): Tensor[] => bind(primitive, inputs, sample.parameters);
  const isDifferentiable = sample.inputs.every(
    ({ dtype }, i) => dtype === "f64" || (!isFloat(dtype) && sample.differentiable?.[i] !== false),
  );

  it("is well-formed, differentiated and batched too", () => {
    const inputs = draw(sample, 1);
    const programs = [trace(f, inputs, { name: "test" }).program];
    if (sample.differentiable === undefined) {
      const back = (...tensors: Tensor[]): Tensor[] => {
        const [outputs, pullback] = vjp(f, ...tensors);
        return pullback(outputs);
      };
      programs.push(trace(back, inputs, { name: "test" }).program);
      programs.push(trace((...tensors) => vmap(back)(...tensors), batchOf(inputs), { name: "test" }).program);
    }
    for (const program of programs) verifyProgram(program);
    expect(programs[0].equations.map((equation) => equation.primitive)).toEqual([primitive]);
  });

  it.runIf(isDifferentiable && sample.differentiable === undefined)(
    "has right derivatives to second order",
    () => {
      for (const seed of [1, 2, 3]) {
        const inputs = draw(sample, seed);
        checkGradients(f, inputs);
        const pulled = (...tensors: Tensor[]): Tensor[] => {
          const [outputs, pullback] = vjp(f, ...tensors);
          return pullback(outputs).filter((cotangent) => isFloat(cotangent.dtype));
        };
        checkGradients(pulled, inputs, { tolerance: 1e-5 });
      }
    },
  );

  it("batches like a loop, whichever operands are batched", () => {
    const [a, b] = [draw(sample, 1), draw(sample, 2)];
    for (let mask = 1; mask < 2 ** a.length; mask++) {
      const isBatched = a.map((_, i) => ((mask >> i) & 1) === 1);
      const pairs = a.map((x, i) => (isBatched[i] ? batchOf([x], [b[i]])[0] : x));
      const batched = vmap(f, { inAxes: isBatched.map((flag) => (flag ? 0 : null)) })(...pairs);
      const each = [a, a.map((x, i) => (isBatched[i] ? b[i] : x))].map((inputs) => f(...inputs));
      for (const [k, output] of batched.entries()) {
        expect(output.toArray()).toEqual(each.map((outputs) => outputs[k].toArray()));
      }
    }
  });
});

function batchOf(first: readonly Tensor[], second: readonly Tensor[] = first): Tensor[] {
  return first.map((x, i) =>
    tensor([...x.dataSync(), ...second[i].dataSync()], { shape: [2, ...x.shape], dtype: x.dtype }),
  );
}
