import { barrier } from "../ops/identity.ts";
import { tensorOf } from "../ops/operand.ts";
import type { CallParameters } from "../program/control.ts";
import { interpretProgram } from "../program/interpret.ts";
import type { Primitive } from "../program/primitive.ts";
import { bind } from "../program/trace.ts";
import { batchProgram, repeat } from "../transforms/batch.ts";
import { extractProgram } from "../transforms/extract.ts";
import { jointProgram, positions } from "../transforms/linearize.ts";
import { type AnyFunction, recordFunction, restoreOutput } from "../transforms/record.ts";
import { transposeProgram } from "../transforms/transpose.ts";
import type { Tensors } from "../transforms/types.ts";
import { callSamples } from "./samples.ts";

/** A program whose derivatives keep nothing but its inputs. */
export const checkpointPrimitive: Primitive<CallParameters> = {
  name: "checkpoint",
  infer: (_, { body }) => body.outputs.map((output) => output.type),
  // The tangents are one more checkpointed program, of inputs and tangents: inside a derivative it stays whole.
  forward: ({ inputs: operands, tangents, parameters: { body } }) => {
    const inputs = operands.map(tensorOf);
    const active = tangents.map((tangent) => tangent !== undefined);
    const { program, present } = jointProgram(body, active);
    const outputs = bind(checkpointPrimitive, inputs, { body });
    const moved = bind(
      checkpointPrimitive,
      [...inputs, ...tangents.filter((tangent) => tangent !== undefined)],
      {
        body: extractProgram(program.inputs, program.equations, program.outputs.slice(outputs.length)),
      },
    );
    const place = positions(present);
    return { outputs, tangents: present.map((isPresent, i) => (isPresent ? moved[place[i]] : undefined)) };
  },
  // Backward, the values are computed again behind a barrier, so that they are not merged with the first computation.
  transpose: ({ cotangents, inputs, parameters: { body } }) => {
    const given = cotangents.map((cotangent) => cotangent !== undefined);
    const { program, present } = transposeProgram(
      body,
      inputs.map((input) => input === undefined),
      given,
    );
    const known = inputs.filter((input) => input !== undefined).map((input) => barrier(tensorOf(input)));
    const moving = cotangents.filter((cotangent) => cotangent !== undefined);
    const pulled = bind(checkpointPrimitive, [...known, ...moving], { body: program });
    const place = positions(present);
    return present.map((isPresent, i) => (isPresent ? pulled[place[i]] : undefined));
  },
  batch: ({ inputs, batched, size, parameters: { body } }) => {
    const { program, batched: own } = batchProgram(body, batched, size);
    const outputs = bind(checkpointPrimitive, inputs, { body: program });
    return outputs.map((output, i) => (own[i] ? output : repeat(output, size)));
  },
  reference: ({ inputs, parameters: { body } }) =>
    interpretProgram(body, inputs).map(({ data }) => data.slice()),
  lowering: { kind: "call" },
  get samples() {
    return callSamples();
  },
};

/**
 * The same function, of which differentiation keeps the arguments only: what is between them and the result is computed
 * again in the backward pass. Saves memory in deep networks for about one more forward pass.
 *
 * @example
 * ```ts
 * const W = eye(2);
 * const block = checkpoint((x: Tensor) => tanh(matmul(tanh(x), W)));
 * grad((x: Tensor) => sum(block(x)))(zeros([3, 2])); // [[1, 1], [1, 1], [1, 1]]
 * ```
 */
export function checkpoint<A extends unknown[], R>(f: (...args: A) => R): (...args: A) => Tensors<R>;
export function checkpoint(f: AnyFunction): AnyFunction {
  return (...args) => {
    const recorded = recordFunction("checkpoint", f, args, { positions: args.map((_, i) => i) });
    return restoreOutput(recorded, bind(checkpointPrimitive, recorded.inputs, { body: recorded.program }));
  };
}
