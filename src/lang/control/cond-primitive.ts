import { formatType, sameType, type TensorType } from "../../base/type.ts";
import { le } from "../ops/comparison.ts";
import { zeros } from "../ops/create.ts";
import { tensorOf } from "../ops/operand.ts";
import { select } from "../ops/select.ts";
import { broadcastAlong } from "../ops/structure.ts";
import type { CondParameters } from "../program/control.ts";
import { interpretProgram } from "../program/interpret.ts";
import type {
  BatchContext,
  DerivativeContext,
  HostArray,
  Primitive,
  ReferenceContext,
  TransposeContext,
} from "../program/primitive.ts";
import { Program, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, inline } from "../program/trace.ts";
import { batchProgram, repeat, runBatched } from "../transforms/batch.ts";
import { traceClosed } from "../transforms/closed.ts";
import { type Linearized, linearizeProgram, positions, type Tangent } from "../transforms/linearize.ts";
import { transposeProgram } from "../transforms/transpose.ts";
import { condSamples } from "./samples.ts";

/** A choice among branches by an i32 scalar. */
export const condPrimitive: Primitive<CondParameters> = {
  name: "cond",
  infer: inferCond,
  forward: forwardCond,
  transpose: transposeCond,
  batch: batchCond,
  reference: interpretCond,
  lowering: { kind: "cond" },
  get samples() {
    return condSamples();
  },
};

function inferCond(
  [selector, ...operands]: readonly TensorType[],
  { branches }: CondParameters,
): TensorType[] {
  if (formatType(selector) !== "i32[]")
    throw new Error(`cond: the selector is ${formatType(selector)}, not i32[]`);
  for (const branch of branches) {
    const fits =
      branch.inputs.length === operands.length &&
      branch.inputs.every(({ type }, i) => sameType(type, operands[i])) &&
      branch.outputs.every(({ type }, i) => sameType(type, branches[0].outputs[i].type));
    if (!fits) throw new Error("cond: a branch does not fit the operands or the other branches");
  }
  return branches[0].outputs.map((output) => output.type);
}

function interpretCond({ inputs, parameters }: ReferenceContext<CondParameters>): HostArray["data"][] {
  const { branches } = parameters;
  const chosen = Math.min(Math.max(inputs[0].data[0], 0), branches.length - 1);
  return interpretProgram(branches[chosen], inputs.slice(1)).map(({ data }) => data.slice());
}

/** One flag per position, set where any of the lists sets it. */
function union(lists: readonly (readonly boolean[])[]): boolean[] {
  return lists[0].map((_, i) => lists.some((list) => list[i]));
}

// A primal cond that also returns residuals, and a linear cond that consumes them.
function forwardCond({
  inputs,
  tangents,
  parameters: { branches },
}: Omit<DerivativeContext<CondParameters>, "outputs">): { outputs: Tensor[]; tangents: Tangent[] } {
  const [selector, ...operands] = inputs.map(tensorOf);
  const active = tangents.slice(1).map((tangent) => tangent !== undefined);
  const present = union(branches.map((branch) => linearizeProgram(branch, active).present));
  const linearized = branches.map((branch) => linearizeProgram(branch, active, present));
  const own = branches[0].outputs.length;
  const slots: TensorType[] = [];
  const plans = linearized.map((each) => placeResiduals(each, own, slots));
  const primal = linearized.map((each, k) => returnSlots(each, own, plans[k], slots));
  const results = bind(condPrimitive, [selector, ...operands], { branches: primal });

  // The linear branches share one list of residuals; each reads those it knows.
  const sources = new Map<string, { type: TensorType; tensor: Tensor }>();
  for (const { from, index, type } of plans.flat()) {
    const tensor = from === "operand" ? operands[index] : results[from === "result" ? index : own + index];
    sources.set(`${from} ${index}`, { type, tensor });
  }
  const linear = linearized.map(({ linear: program, residualCount }, k) => {
    const inputs = [...sources].map(([key, { type }]) => {
      const place = plans[k].findIndex(({ from, index }) => `${from} ${index}` === key);
      return place < 0 ? new Var(type) : program.inputs[place];
    });
    return new Program(
      [...inputs, ...program.inputs.slice(residualCount)],
      program.equations,
      program.outputs,
    );
  });
  const moving = tangents.slice(1).filter((tangent) => tangent !== undefined);
  const residuals = [...sources.values()].map(({ tensor }) => tensor);
  const moved = present.includes(true)
    ? bind(condPrimitive, [selector, ...residuals, ...moving], { branches: linear })
    : [];
  const place = positions(present);
  return {
    outputs: results.slice(0, own),
    tangents: present.map((isPresent, i) => (isPresent ? moved[place[i]] : undefined)),
  };
}

/** Where a residual of a branch is found: among the operands, the results, or the slots that branches share by type. */
interface ResidualPlace {
  readonly from: "operand" | "result" | "slot";
  readonly index: number;
  readonly type: TensorType;
  readonly variable: Var;
}

function placeResiduals({ primal }: Linearized, own: number, slots: TensorType[]): ResidualPlace[] {
  const taken = new Set<number>();
  return primal.outputs.slice(own).map((variable) => {
    const { type } = variable;
    const input = primal.inputs.indexOf(variable);
    if (input >= 0) return { from: "operand", index: input, type, variable };
    const output = primal.outputs.indexOf(variable);
    if (output < own) return { from: "result", index: output, type, variable };
    let slot = slots.findIndex((other, i) => !taken.has(i) && sameType(other, type));
    if (slot < 0) slot = slots.push(type) - 1;
    taken.add(slot);
    return { from: "slot", index: slot, type, variable };
  });
}

/** A branch that returns its results and then every slot: its residual, or zeros. */
function returnSlots(
  { primal }: Linearized,
  own: number,
  plan: readonly ResidualPlace[],
  slots: readonly TensorType[],
): Program {
  return traceClosed(
    "a branch of cond",
    (...inputs) => {
      const results = inline(primal, inputs);
      const kept = slots.map(({ dtype, shape }, slot) => {
        const place = plan.findIndex(({ from, index }) => from === "slot" && index === slot);
        return place < 0 ? zeros(shape, dtype) : results[own + place];
      });
      return [...results.slice(0, own), ...kept];
    },
    primal.inputs.map((input) => input.type),
  );
}

function transposeCond({
  cotangents,
  inputs,
  types,
  parameters: { branches },
}: TransposeContext<CondParameters>): Tangent[] {
  const [selector, ...operands] = inputs;
  const isLinear = operands.map((operand) => operand === undefined);
  const given = cotangents.map((cotangent) => cotangent !== undefined);
  const transposed = branches.map((branch) => transposeProgram(branch, isLinear, given));
  const present = union(transposed.map((each) => each.present));
  const results = bind(
    condPrimitive,
    [
      tensorOf(selector),
      ...operands.filter((operand) => operand !== undefined),
      ...cotangents.filter((cotangent) => cotangent !== undefined),
    ],
    {
      branches: transposed.map(({ program, present: own }) => {
        const place = positions(own);
        return traceClosed(
          "a transposed branch of cond",
          (...tensors) => {
            const pulled = inline(program, tensors);
            return types.slice(1).flatMap(({ dtype, shape }, i) => {
              if (!present[i]) return [];
              return [own[i] ? pulled[place[i]] : zeros(shape, dtype)];
            });
          },
          program.inputs.map((input) => input.type),
        );
      }),
    },
  );
  const place = positions(present);
  return [undefined, ...present.map((isPresent, i) => (isPresent ? results[place[i]] : undefined))];
}

// With one selector for all examples the branches are batched; otherwise all run and each example selects.
function batchCond({ inputs, batched, size, parameters }: BatchContext<CondParameters>): Tensor[] {
  const { branches } = parameters;
  const [selector, ...operands] = inputs.map(tensorOf);
  const flags = batched.slice(1);
  if (!batched[0]) {
    const force = branches[0].outputs.map(() => true);
    const programs = branches.map((branch) => batchProgram(branch, flags, size, force).program);
    return bind(condPrimitive, [selector, ...operands], { branches: programs });
  }
  const results = branches.map((branch) => {
    const { outputs, batched: own } = runBatched(branch, operands, flags, size);
    return outputs.map((output, i) => (own[i] ? output : repeat(output, size)));
  });
  const last = results.length - 1;
  return results[last].map((fallback, i) =>
    results.slice(0, last).reduceRight((rest, result, k) => {
      const chosen = broadcastAlong(le(selector, k), fallback.shape, [0]);
      return select(chosen, result[i], rest);
    }, fallback),
  );
}
