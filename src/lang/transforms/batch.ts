import { formatType } from "../../base/type.ts";
import { broadcastTo } from "../ops/structure.ts";
import type { Operand } from "../program/primitive.ts";
import { type Atom, Literal, type Program, type Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, inScope } from "../program/trace.ts";
import { lookUp, traceClosed } from "./closed.ts";

/** A program over a batch. */
export interface Batched {
  readonly program: Program;
  /** Which outputs have a leading batch axis; the others are the same for every example. */
  readonly batched: readonly boolean[];
}

/** Runs a program on operands of which some have a leading batch axis of extent `size`. */
export function runBatched(
  program: Program,
  inputs: readonly Tensor[],
  inputBatched: readonly boolean[],
  size: number,
): { outputs: Tensor[]; batched: boolean[] } {
  const values = new Map<Var, Tensor>(program.inputs.map((variable, i) => [variable, inputs[i]]));
  const batched = new Set<Atom>(program.inputs.filter((_, i) => inputBatched[i]));
  for (const equation of program.equations) {
    const { primitive, parameters } = equation;
    const operands = equation.inputs.map(
      (atom): Operand => (atom instanceof Literal ? atom : lookUp(values, atom)),
    );
    const flags = equation.inputs.map((atom) => batched.has(atom));
    const isBatched = flags.includes(true);
    const results = inScope(equation.scope, () =>
      isBatched
        ? primitive.batch({ inputs: operands, batched: flags, size, parameters })
        : bind(primitive, operands, parameters),
    );
    for (const [i, output] of equation.outputs.entries()) {
      values.set(output, results[i]);
      if (!isBatched) continue;
      batched.add(output);
      checkBatched(primitive.name, results[i], output, size);
    }
  }
  return {
    outputs: program.outputs.map((output) => lookUp(values, output)),
    batched: program.outputs.map((output) => batched.has(output)),
  };
}

function checkBatched(name: string, result: Tensor, output: Var, size: number): void {
  const { dtype, shape } = output.type;
  const expected = formatType({ dtype, shape: [size, ...shape] });
  if (formatType(result) !== expected) {
    throw new Error(`the batching rule of '${name}' gives ${formatType(result)} instead of ${expected}`);
  }
}

/**
 * The program over a batch of `size` examples. `batched` marks the inputs with a leading batch axis, `force` the
 * outputs that must have one.
 */
export function batchProgram(
  program: Program,
  batched: readonly boolean[],
  size: number,
  force: readonly boolean[] = [],
): Batched {
  let outputBatched: boolean[] = [];
  const types = program.inputs.map(({ type: { dtype, shape } }, i) => ({
    dtype,
    shape: batched[i] ? [size, ...shape] : shape,
  }));
  const batchedProgram = traceClosed(
    "a batched function",
    (...inputs) => {
      const result = runBatched(program, inputs, batched, size);
      outputBatched = result.batched.map((isBatched, i) => isBatched || force[i] === true);
      return result.outputs.map((output, i) =>
        outputBatched[i] && !result.batched[i] ? repeat(output, size) : output,
      );
    },
    types,
  );
  return { program: batchedProgram, batched: outputBatched };
}

/** A tensor with a new leading axis along which it repeats. */
export function repeat(x: Tensor, size: number): Tensor {
  return broadcastTo(x, [size, ...x.shape]);
}
