import { dtypeFacts } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import { formatType, sameType, type TensorType } from "../../base/type.ts";
import { add } from "../ops/arithmetic.ts";
import { zeros, zerosLike } from "../ops/create.ts";
import { tensorOf } from "../ops/operand.ts";
import type { ScanParameters } from "../program/control.ts";
import { interpretProgram } from "../program/interpret.ts";
import type {
  BatchContext,
  DerivativeContext,
  HostArray,
  Primitive,
  ReferenceContext,
  TransposeContext,
} from "../program/primitive.ts";
import { Program, type Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind, inline } from "../program/trace.ts";
import { batchProgram, repeat } from "../transforms/batch.ts";
import { traceClosed } from "../transforms/closed.ts";
import { type Linearized, linearizeProgram, positions, type Tangent } from "../transforms/linearize.ts";
import { transposeProgram } from "../transforms/transpose.ts";
import { moveAxis } from "../transforms/vectorize.ts";
import { scanSamples } from "./samples.ts";
import { bindWithoutInvariants } from "./scan-fission.ts";

/** Binds a scan: what needs no loop is computed outside it. */
export function bindScan(inputs: readonly Tensor[], parameters: ScanParameters): Tensor[] {
  return bindWithoutInvariants(inputs, parameters, (rest, loop) => bind(scanPrimitive, rest, loop));
}

/** A loop of a fixed number of steps, with a carry and stacked results. */
export const scanPrimitive: Primitive<ScanParameters> = {
  name: "scan",
  infer: inferScan,
  forward: forwardScan,
  transpose: transposeScan,
  batch: batchScan,
  reference: interpretScan,
  lowering: { kind: "scan" },
  get samples() {
    return scanSamples();
  },
};

function inferScan(inputs: readonly TensorType[], parameters: ScanParameters): TensorType[] {
  const { constants, carries, length, body } = parameters;
  const first = constants + carries;
  for (const [i, { type }] of body.inputs.entries()) {
    const expected = i < first ? type : stacked(type, length);
    if (inputs[i] === undefined || !sameType(inputs[i], expected)) {
      const got = inputs[i] === undefined ? "nothing" : formatType(inputs[i]);
      throw new Error(`scan: operand ${i} is ${got}, its body takes ${formatType(expected)}`);
    }
  }
  return body.outputs.map(({ type }, i) => {
    if (i >= carries) return stacked(type, length);
    if (!sameType(type, inputs[constants + i]))
      throw new Error(`scan: carry ${i} becomes ${formatType(type)}`);
    return type;
  });
}

function stacked({ dtype, shape }: TensorType, length: number): TensorType {
  return { dtype, shape: [length, ...shape] };
}

function interpretScan({
  inputs,
  outputs,
  parameters,
}: ReferenceContext<ScanParameters>): HostArray["data"][] {
  const { constants, carries, length, reverse, body } = parameters;
  const first = constants + carries;
  let carry = inputs.slice(constants, first);
  const results = outputs.map((type) => dtypeFacts[type.dtype].create(sizeOf(type.shape)));
  for (let step = 0; step < length; step++) {
    const at = reverse ? length - 1 - step : step;
    const slices = inputs.slice(first).map(({ dtype, shape, data }): HostArray => {
      const size = sizeOf(shape) / length;
      return { dtype, shape: shape.slice(1), data: data.slice(at * size, (at + 1) * size) };
    });
    const next = interpretProgram(body, [...inputs.slice(0, constants), ...carry, ...slices]);
    carry = next.slice(0, carries);
    for (let i = carries; i < next.length; i++) results[i].set(next[i].data, at * next[i].data.length);
  }
  return results.map((result, i) => (i < carries ? carry[i].data.slice() : result));
}

type Flags = readonly boolean[];

/** Marks more carries until one step of the body marks no more; returns what the last step made. */
function closeOverCarries<T>(
  { constants, carries }: ScanParameters,
  marked: Flags,
  step: (marked: Flags) => { readonly made: T; readonly outputs: Flags },
): { made: T; marked: Flags } {
  for (let current = marked; ; ) {
    const { made, outputs } = step(current);
    const grown = current.map((mark, i) => {
      const carry = i - constants;
      return mark || (carry >= 0 && carry < carries && outputs[carry]);
    });
    if (grown.every((mark, i) => mark === current[i])) return { made, marked: current };
    current = grown;
  }
}

// A primal scan that stacks residuals, and a linear scan that consumes them.
function forwardScan({
  inputs: operands,
  tangents,
  parameters,
}: Omit<DerivativeContext<ScanParameters>, "outputs">): { outputs: Tensor[]; tangents: Tangent[] } {
  const { constants, carries, body } = parameters;
  const inputs = operands.map(tensorOf);
  const { made, marked: active } = closeOverCarries(
    parameters,
    tangents.map((tangent) => tangent !== undefined),
    (flags) => {
      const linearized = linearizeProgram(body, flags, flags.slice(constants, constants + carries));
      return { made: linearized, outputs: linearized.present };
    },
  );
  const { primal, linear, present, residualCount } = made;
  const plan = placeResiduals(made, parameters);
  const kept = plan.flatMap((place) => (place.kind === "stacked" ? [place.variable] : []));
  const own = body.outputs.length;
  const results = bindScan(inputs, {
    ...parameters,
    body: new Program(primal.inputs, primal.equations, [...primal.outputs.slice(0, own), ...kept]),
  });
  const stacks = results.slice(own).values();
  const groups = new Groups();
  for (const [i, place] of plan.entries()) {
    const variable = linear.inputs[i];
    if (place.kind === "constant") groups.constants.push([variable, inputs[place.input]]);
    else if (place.kind === "sequence") groups.sequences.push([variable, inputs[place.input]]);
    else if (place.kind === "result") groups.sequences.push([variable, results[place.output]]);
    else groups.sequences.push([variable, nextOf(stacks)]);
  }
  const order = positions(active);
  for (const [i, isActive] of active.entries()) {
    if (!isActive) continue;
    // A carry that only the body makes active starts with a tangent of zero.
    const tangent = tangents[i] ?? zerosLike(inputs[i]);
    groups.of(i, parameters).push([linear.inputs[residualCount + order[i]], tangent]);
  }
  const moved = groups.bindScan(parameters, linear.equations, linear.outputs);
  const place = positions(present);
  return {
    outputs: results.slice(0, own),
    tangents: present.map((isPresent, i) => (isPresent ? moved[place[i]] : undefined)),
  };
}

type ResidualPlace =
  | { readonly kind: "constant" | "sequence"; readonly input: number }
  | { readonly kind: "result"; readonly output: number }
  | { readonly kind: "stacked"; readonly variable: Var };

/** Where the linear scan finds each residual: constants and sequences as they are, never stacked again. */
function placeResiduals({ primal, residualCount }: Linearized, parameters: ScanParameters): ResidualPlace[] {
  const { constants, carries } = parameters;
  const own = primal.outputs.length - residualCount;
  return primal.outputs.slice(own).map((variable): ResidualPlace => {
    const input = primal.inputs.indexOf(variable);
    if (input >= 0 && input < constants) return { kind: "constant", input };
    if (input >= constants + carries) return { kind: "sequence", input };
    const output = primal.outputs.indexOf(variable, carries);
    return output < own ? { kind: "result", output } : { kind: "stacked", variable };
  });
}

/** Operands of a scan with the body's Vars for them, in the three groups a scan has. */
class Groups {
  readonly constants: [Var, Tensor][] = [];
  readonly carries: [Var, Tensor][] = [];
  readonly sequences: [Var, Tensor][] = [];

  of(input: number, { constants, carries }: ScanParameters): [Var, Tensor][] {
    if (input < constants) return this.constants;
    return input < constants + carries ? this.carries : this.sequences;
  }

  bindScan(
    { length, reverse }: ScanParameters,
    equations: Program["equations"],
    outputs: readonly Var[],
  ): Tensor[] {
    const operands = [...this.constants, ...this.carries, ...this.sequences];
    return bindScan(
      operands.map(([, tensor]) => tensor),
      {
        constants: this.constants.length,
        carries: this.carries.length,
        length,
        reverse,
        body: new Program(
          operands.map(([variable]) => variable),
          equations,
          outputs,
        ),
      },
    );
  }
}

function nextOf<T>(iterator: Iterator<T>): T {
  const next = iterator.next();
  if (next.done === true) throw new Error("scan: a result is missing");
  return next.value;
}

// The transposed steps run the other way round; cotangents of constants are accumulated in the carry. Every carry is
// linear: a linear scan carries tangents only, and one that is given can only be zero.
function transposeScan({
  cotangents,
  inputs,
  types,
  parameters,
}: TransposeContext<ScanParameters>): Tangent[] {
  const { constants, carries, length, reverse, body } = parameters;
  const first = constants + carries;
  const isLinear = body.inputs.map((_, i) => inputs[i] === undefined || (i >= constants && i < first));
  const given = body.outputs.map((_, i) => i < carries || cotangents[i] !== undefined);
  const { program, present } = transposeProgram(body, isLinear, given);
  const range = body.inputs.map((_, i) => i);
  const known = (from: number, to?: number): number[] => range.slice(from, to).filter((i) => !isLinear[i]);
  const found = (from: number, to?: number): number[] => range.slice(from, to).filter((i) => present[i]);
  const summed = found(0, constants);
  const mapped = found(first);
  const knownConstants = known(0, constants);
  const knownSequences = known(first);
  const carryTypes = body.inputs.slice(constants, first).map(({ type }) => type);
  const summedTypes = summed.map((i) => types[i]);
  const givenTypes = body.outputs.slice(carries).flatMap(({ type }, i) => (given[carries + i] ? [type] : []));
  const pick = (indices: readonly number[]): TensorType[] => indices.map((i) => body.inputs[i].type);
  const place = positions(present);

  const step = traceClosed(
    "a transposed scan",
    (...tensors) => {
      const take = (count: number): Tensor[] => tensors.splice(0, count);
      const constant = take(knownConstants.length);
      const sums = take(summed.length);
      const carry = take(carries);
      const sequence = take(knownSequences.length);
      const results = inline(program, [...constant, ...sequence, ...carry, ...tensors]);
      return [
        ...sums.map((sum, i) => add(sum, results[place[summed[i]]])),
        ...carryTypes.map(({ dtype, shape }, i) =>
          present[constants + i] ? results[place[constants + i]] : zeros(shape, dtype),
        ),
        ...mapped.map((i) => results[place[i]]),
      ];
    },
    [...pick(knownConstants), ...summedTypes, ...carryTypes, ...pick(knownSequences), ...givenTypes],
  );
  const results = bindScan(
    [
      ...knownConstants.map((i) => tensorOf(inputs[i])),
      ...summedTypes.map(({ dtype, shape }) => zeros(shape, dtype)),
      ...carryTypes.map(({ dtype, shape }, i) => cotangents[i] ?? zeros(shape, dtype)),
      ...knownSequences.map((i) => tensorOf(inputs[i])),
      ...cotangents.slice(carries).filter((cotangent) => cotangent !== undefined),
    ],
    {
      constants: knownConstants.length,
      carries: summed.length + carries,
      length,
      reverse: !reverse,
      body: step,
    },
  );
  const cotangentOf = new Map<number, Tensor>();
  for (const [k, i] of summed.entries()) cotangentOf.set(i, results[k]);
  for (let i = 0; i < carries; i++) cotangentOf.set(constants + i, results[summed.length + i]);
  for (const [k, i] of mapped.entries()) cotangentOf.set(i, results[summed.length + carries + k]);
  return range.map((i) => cotangentOf.get(i));
}

function batchScan({ inputs, batched, size, parameters }: BatchContext<ScanParameters>): Tensor[] {
  const { constants, carries, body } = parameters;
  const { made, marked } = closeOverCarries(parameters, batched, (flags) => {
    const result = batchProgram(body, flags, size, flags.slice(constants, constants + carries));
    return { made: result, outputs: result.batched };
  });
  const operands = inputs.map((operand, i) => {
    const input = tensorOf(operand);
    if (i >= constants + carries) return batched[i] ? moveAxis(input, 0, 1) : input;
    return marked[i] && !batched[i] ? repeat(input, size) : input;
  });
  const results = bindScan(operands, { ...parameters, body: made.program });
  return results.map((result, i) => {
    if (!made.batched[i]) return repeat(result, size);
    return i < carries ? result : moveAxis(result, 1, 0);
  });
}
