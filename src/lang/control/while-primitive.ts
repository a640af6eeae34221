import { NeuriteError } from "../../base/error.ts";
import { formatType, sameType, type TensorType } from "../../base/type.ts";
import { ne } from "../ops/comparison.ts";
import { zerosLike } from "../ops/create.ts";
import { cast, tensorOf } from "../ops/operand.ts";
import { select } from "../ops/select.ts";
import { broadcastAlong, sum } from "../ops/structure.ts";
import type { WhileParameters } from "../program/control.ts";
import { interpretProgram } from "../program/interpret.ts";
import type {
  BatchContext,
  DerivativeContext,
  HostArray,
  Primitive,
  ReferenceContext,
} from "../program/primitive.ts";
import { Program, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, inline } from "../program/trace.ts";
import { batchProgram, repeat } from "../transforms/batch.ts";
import { traceClosed } from "../transforms/closed.ts";
import { jointProgram, positions, type Tangent } from "../transforms/linearize.ts";
import { whileSamples } from "./samples.ts";

/** A loop whose number of steps is known only when it runs. */
export const whilePrimitive: Primitive<WhileParameters> = {
  name: "whileLoop",
  infer: inferWhile,
  forward: forwardWhile,
  transpose: () => {
    throw new NeuriteError({
      operation: "reverse-mode differentiation",
      got: "whileLoop, which has a forward-mode derivative only",
      expected: "a loop whose number of steps is known before it runs, so that its steps can be kept",
      hint: "loop with scan for a fixed number of steps, and leave the carry as it is with cond or where once it is done; or use jvp",
    });
  },
  batch: batchWhile,
  reference: interpretWhile,
  lowering: { kind: "while" },
  get samples() {
    return whileSamples();
  },
};

function inferWhile(
  inputs: readonly TensorType[],
  { constants, condition, body }: WhileParameters,
): TensorType[] {
  const carry = inputs.slice(constants);
  const fits =
    body.inputs.every(({ type }, i) => sameType(type, inputs[i])) &&
    condition.inputs.every(({ type }, i) => sameType(type, inputs[i])) &&
    body.outputs.every(({ type }, i) => sameType(type, carry[i])) &&
    formatType(condition.outputs[0].type) === "bool[]";
  if (!fits) throw new Error("whileLoop: its programs do not fit the operands");
  return carry;
}

function interpretWhile({ inputs, parameters }: ReferenceContext<WhileParameters>): HostArray["data"][] {
  const { constants, condition, body } = parameters;
  const fixed = inputs.slice(0, constants);
  let carry = inputs.slice(constants);
  while (interpretProgram(condition, [...fixed, ...carry])[0].data[0] !== 0) {
    carry = interpretProgram(body, [...fixed, ...carry]);
  }
  return carry.map(({ data }) => data.slice());
}

// The values run once alone, so that they do not depend on tangents, and once more beside the tangents.
function forwardWhile({
  inputs: operands,
  tangents,
  parameters,
}: Omit<DerivativeContext<WhileParameters>, "outputs">): { outputs: Tensor[]; tangents: Tangent[] } {
  const { constants, condition, body } = parameters;
  const inputs = operands.map(tensorOf);
  const outputs = bind(whilePrimitive, inputs, parameters);
  let active = tangents.map((tangent) => tangent !== undefined);
  let joint = jointProgram(body, active, active.slice(constants));
  while (joint.present.some((isPresent, i) => isPresent && !active[constants + i])) {
    active = active.map((flag, i) => flag || (i >= constants && joint.present[i - constants]));
    joint = jointProgram(body, active, active.slice(constants));
  }
  const { program, present } = joint;
  const count = inputs.length;
  const place = positions(active);
  const varsOf = (from: number, to?: number): Var[] => program.inputs.slice(from, to);
  const moving = place.slice(constants).filter((k) => k >= 0);
  const fixedCount = place.slice(0, constants).filter((k) => k >= 0).length;
  const seeds = inputs.flatMap((input, i) => (active[i] ? [tangents[i] ?? zerosLike(input)] : []));
  const bodyInputs = [
    ...varsOf(0, constants),
    ...varsOf(count, count + fixedCount),
    ...varsOf(constants, count),
    ...varsOf(count + fixedCount),
  ];
  const conditionInputs = [
    ...condition.inputs.slice(0, constants),
    ...seeds.slice(0, fixedCount).map(({ dtype, shape }) => new Var({ dtype, shape })),
    ...condition.inputs.slice(constants),
    ...seeds.slice(fixedCount).map(({ dtype, shape }) => new Var({ dtype, shape })),
  ];
  const results = bind(
    whilePrimitive,
    [
      ...inputs.slice(0, constants),
      ...seeds.slice(0, fixedCount),
      ...inputs.slice(constants),
      ...seeds.slice(fixedCount),
    ],
    {
      constants: constants + fixedCount,
      condition: new Program(conditionInputs, condition.equations, condition.outputs),
      body: new Program(bodyInputs, program.equations, program.outputs),
    },
  ).slice(outputs.length, outputs.length + moving.length);
  const order = positions(present);
  return { outputs, tangents: present.map((isPresent, i) => (isPresent ? results[order[i]] : undefined)) };
}

// With a predicate per example the loop runs until the last one is done, and the others keep their carry.
function batchWhile({ inputs, batched, size, parameters }: BatchContext<WhileParameters>): Tensor[] {
  const { constants, condition, body } = parameters;
  let flags = [...batched];
  let step = batchProgram(body, flags, size, flags.slice(constants));
  let test = batchProgram(condition, flags, size);
  for (;;) {
    const everything = test.batched[0];
    const grown = flags.map(
      (flag, i) => flag || (i >= constants && (everything || step.batched[i - constants])),
    );
    if (grown.every((flag, i) => flag === flags[i])) break;
    flags = grown;
    step = batchProgram(body, flags, size, flags.slice(constants));
    test = batchProgram(condition, flags, size);
  }
  const operands = inputs.map((operand, i) => {
    const input = tensorOf(operand);
    return flags[i] && !batched[i] ? repeat(input, size) : input;
  });
  const masked = test.batched[0] ? maskSteps(test.program, step.program, constants) : undefined;
  const results = bind(whilePrimitive, operands, {
    constants,
    condition: masked?.condition ?? test.program,
    body: masked?.body ?? step.program,
  });
  return results.map((result, i) => (flags[constants + i] ? result : repeat(result, size)));
}

function maskSteps(test: Program, step: Program, constants: number): { condition: Program; body: Program } {
  const types = step.inputs.map((input) => input.type);
  const condition = traceClosed(
    "a batched whileLoop's condition",
    (...tensors) => [ne(sum(cast(inline(test, tensors)[0], "i32")), 0)],
    types,
  );
  const body = traceClosed(
    "a batched whileLoop",
    (...tensors) => {
      const [running] = inline(test, tensors);
      return inline(step, tensors).map((next, i) =>
        select(broadcastAlong(running, next.shape, [0]), next, tensors[constants + i]),
      );
    },
    types,
  );
  return { condition, body };
}
