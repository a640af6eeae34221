import { isFloat } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { unflatten } from "../../base/tree.ts";
import type { TensorType } from "../../base/type.ts";
import { zeros, zerosLike } from "../ops/create.ts";
import { asTensor, tensorOf } from "../ops/operand.ts";
import { sum } from "../ops/structure.ts";
import { interpretProgram } from "../program/interpret.ts";
import type { BatchContext, DerivativeContext, Primitive } from "../program/primitive.ts";
import { Program, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, inline, trace } from "../program/trace.ts";
import { batchProgram } from "../transforms/batch.ts";
import { traceClosed } from "../transforms/closed.ts";
import type { Tangent } from "../transforms/linearize.ts";
import {
  type AnyFunction,
  flattenTensors,
  matchLeaves,
  type Recorded,
  recordFunction,
} from "../transforms/record.ts";
import type { Tensors } from "../transforms/types.ts";
import type { Returned } from "./carry.ts";
import { customSamples } from "./samples.ts";

type CustomParameters = {
  /** inputs → outputs */
  readonly body: Program;
  /** inputs → (outputs, residuals) */
  readonly forward: Program;
  /** (residuals, cotangents of the outputs) → cotangents of the first `leaves` inputs; the others are captured. */
  readonly backward: Program;
  readonly leaves: number;
};

/** A program with a gradient of the user's. */
export const customGradientPrimitive: Primitive<CustomParameters> = {
  name: "customGradient",
  infer: (_, { body }) => body.outputs.map((output) => output.type),
  forward: forwardCustom,
  batch: batchCustom,
  reference: ({ inputs, parameters: { body } }) =>
    interpretProgram(body, inputs).map(({ data }) => data.slice()),
  lowering: { kind: "call" },
  get samples() {
    return customSamples();
  },
};

function forwardCustom({
  inputs: operands,
  tangents,
  parameters: { body, forward, backward, leaves },
}: Omit<DerivativeContext<CustomParameters>, "outputs">): { outputs: Tensor[]; tangents: Tangent[] } {
  if (tangents.slice(leaves).some((tangent) => tangent !== undefined)) {
    throw new NeuriteError({
      operation: "customGradient",
      got: "a derivative with respect to a tensor that the function captures",
      expected: "derivatives with respect to its arguments",
      hint: "make the tensor an argument, or wrap it in stopGradient",
    });
  }
  const results = inline(forward, operands.map(tensorOf));
  const outputs = results.slice(0, body.outputs.length);
  const active = tangents.slice(0, leaves).map((tangent) => tangent !== undefined);
  const moved = bind(
    linearCallPrimitive,
    [...results.slice(outputs.length), ...tangents.filter((tangent) => tangent !== undefined)],
    { backward, active, outputs: outputs.length },
  );
  return { outputs, tangents: moved.map((tangent) => (isFloat(tangent.dtype) ? tangent : undefined)) };
}

type LinearCallParameters = {
  readonly backward: Program;
  /** Which leaves of the arguments have a tangent. */
  readonly active: readonly boolean[];
  readonly outputs: number;
};

/** Tangents of a function of which only the transposed derivative is known: the user's backward function. */
export const linearCallPrimitive: Primitive<LinearCallParameters> = {
  name: "customGradient's tangent",
  infer: (_, parameters) => outputTypes(parameters),
  derivative: refuseForward,
  transpose: ({ cotangents, inputs, parameters }) => {
    const types = outputTypes(parameters);
    const residuals = inputs.slice(0, parameters.backward.inputs.length - types.length).map(tensorOf);
    const given = types.map(({ dtype, shape }, i) => cotangents[i] ?? zeros(shape, dtype));
    const pulled = inline(parameters.backward, [...residuals, ...given]);
    return [...residuals.map(() => undefined), ...pulled.filter((_, i) => parameters.active[i])];
  },
  batch: refuseForward,
  reference: refuseForward,
  lowering: { kind: "none" },
};

function outputTypes({ backward, outputs }: LinearCallParameters): TensorType[] {
  return backward.inputs.slice(backward.inputs.length - outputs).map((input) => input.type);
}

function refuseForward(): never {
  throw new NeuriteError({
    operation: "forward-mode differentiation",
    got: "a function made by customGradient",
    expected: "functions with a forward-mode derivative",
    hint: "a gradient of your own says nothing about tangents: use grad, vjp or jacobian (reverse mode)",
  });
}

function batchCustom({ inputs, batched, size, parameters }: BatchContext<CustomParameters>): Tensor[] {
  const { body, forward, backward, leaves } = parameters;
  const outputs = body.outputs.length;
  const force = body.outputs.map(() => true);
  const run = batchProgram(forward, batched, size, force);
  const flags = [...run.batched.slice(outputs), ...force];
  const back = batchProgram(
    backward,
    flags,
    size,
    backward.outputs.map(() => true),
  );
  // The examples' cotangents of an argument that is the same for all of them add up.
  const summed = traceClosed(
    "a batched customGradient",
    (...tensors) =>
      inline(back.program, tensors).map((cotangent, i) =>
        batched[i] ? cotangent : sum(cotangent, { axis: 0 }),
      ),
    back.program.inputs.map((input) => input.type),
  );
  const { program } = run;
  return bind(customGradientPrimitive, inputs, {
    body: new Program(program.inputs, program.equations, program.outputs.slice(0, outputs)),
    forward: program,
    backward: summed,
    leaves,
  });
}

/**
 * A function with a gradient of your own: `forward(...args)` returns [output, residuals], and
 * `backward(residuals, cotangent)` one cotangent for each argument (`null` for zero).
 *
 * Arguments, output and residuals are trees. Second derivatives differentiate both functions. Forward mode (`jvp`,
 * `linearize`, `jacobianForward`, `hessian`) throws when it runs, as do cotangents that do not fit the arguments.
 *
 * @example
 * ```ts
 * // The identity, with a gradient clipped to [-1, 1].
 * const clipGradient = customGradient(
 *   (x: Tensor) => [x, undefined],
 *   (_, cotangent) => [clip(cotangent, -1, 1)],
 * );
 * ```
 */
export function customGradient<A extends unknown[], R, S>(
  forward: (...args: A) => readonly [output: R, residuals: S],
  backward: (
    residuals: Tensors<S>,
    cotangent: Tensors<R>,
  ) => readonly [...{ [K in keyof A]: Returned<A[K]> | null }],
): (...args: A) => Tensors<R>;
export function customGradient(
  forward: (...args: unknown[]) => readonly [unknown, unknown],
  backward: (residuals: unknown, cotangent: unknown) => readonly unknown[],
): AnyFunction {
  return (...args) => {
    let output = flattenTensors(undefined, "customGradient");
    let residuals = output;
    const record = (...values: unknown[]): Tensor[] => {
      const pair = forward(...values);
      if (!Array.isArray(pair) || pair.length !== 2) {
        throw new NeuriteError({
          operation: "customGradient: the forward function",
          got: "a result that is not a pair",
          expected: "[output, residuals]",
        });
      }
      output = flattenTensors(pair[0], "customGradient: output");
      residuals = flattenTensors(pair[1], "customGradient: residuals");
      return [...output.tensors.map((leaf) => asTensor(leaf)), ...residuals.tensors];
    };
    const recorded = recordFunction("customGradient", record, args, { positions: args.map((_, i) => i) });
    const program = recorded.program;
    const outputCount = output.tensors.length;
    const types = program.outputs.slice(0, outputCount).map(({ type }) => type);
    const residualTypes = program.outputs.slice(outputCount).map(({ type }) => type);
    const back = trace(
      (...tensors) => {
        const kept = unflatten(residuals.structure, tensors.slice(0, residualTypes.length));
        const cotangent = unflatten(output.structure, tensors.slice(residualTypes.length));
        return matchGradients(recorded, backward(kept, cotangent));
      },
      [...residualTypes, ...types],
      {
        name: "customGradient's backward function",
        weak: [...residuals.tensors.map((leaf) => leaf.weak), ...types.map(() => false)],
      },
    );
    // What the backward function captures is one more residual, handed through.
    const own = residualTypes.length + outputCount;
    const captured = back.captured.map(({ dtype, shape }) => new Var({ dtype, shape }));
    const inputs = [...program.inputs, ...captured];
    const backwardInputs = [
      ...back.program.inputs.slice(0, residualTypes.length),
      ...back.program.inputs.slice(own),
      ...back.program.inputs.slice(residualTypes.length, own),
    ];
    const outputs = bind(customGradientPrimitive, [...recorded.inputs, ...back.captured], {
      body: new Program(inputs, program.equations, program.outputs.slice(0, outputCount)),
      forward: new Program(inputs, program.equations, [...program.outputs, ...captured]),
      backward: new Program(backwardInputs, back.program.equations, back.program.outputs),
      leaves: recorded.leafCount,
    });
    return unflatten(output.structure, outputs);
  };
}

/** The cotangents that the user's backward function returns, one per leaf of the arguments. */
function matchGradients(recorded: Recorded, gradients: unknown): Tensor[] {
  const operation = "customGradient: the backward function";
  const count = recorded.arguments.length;
  if (!Array.isArray(gradients) || gradients.length !== count) {
    throw new NeuriteError({
      operation,
      got: Array.isArray(gradients) ? `${gradients.length} cotangents` : "a result that is not a list",
      expected: `a list of ${count}, one for each argument`,
    });
  }
  return recorded.arguments.flatMap(({ structure, tensors }, i) => {
    const gradient: unknown = gradients[i];
    if (gradient === null || gradient === undefined) return tensors.map((tensor) => zerosLike(tensor));
    return matchLeaves(operation, gradient, structure, tensors);
  });
}
