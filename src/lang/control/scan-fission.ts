import { sizeOf } from "../../base/shape.ts";
import { add } from "../ops/arithmetic.ts";
import type { ScanParameters } from "../program/control.ts";
import { isCheap } from "../program/primitive.ts";
import { type Atom, type Equation, Program, Var } from "../program/program.ts";
import type { Tensor } from "../program/tensor.ts";
import { repeat, runBatched } from "../transforms/batch.ts";
import { neededEquations } from "../transforms/extract.ts";
import { type Steps, type Total, totalOf } from "./scan-total.ts";

/** A carry that only sums over the steps: its initial value is added to the total of `term` after the loop. */
interface Sum {
  readonly carry: number;
  readonly total: Total;
}

/** A body divided into what is computed for all steps at once before the loop, in the loop, and after it. */
interface Fission {
  readonly before: readonly Equation[];
  readonly loop: readonly Equation[];
  readonly after: readonly Equation[];
  readonly sums: readonly Sum[];
}

/**
 * Runs a scan with the products of matrices that need no loop taken out of it: those of the sequences alone are computed
 * for all steps at once before it (the input projections of a recurrent network), those that no later step needs after
 * it, and carries that only sum products (the gradients of weights) become one product over all steps.
 *
 * `bindLoop` binds the loop that remains.
 */
export function bindWithoutInvariants(
  inputs: readonly Tensor[],
  parameters: ScanParameters,
  bindLoop: (inputs: readonly Tensor[], parameters: ScanParameters) => Tensor[],
): Tensor[] {
  const { constants, carries, length, body } = parameters;
  const { before, loop, after, sums } = divide(parameters);
  const stackedTwice = new Set(body.outputs.slice(carries)).size < body.outputs.length - carries;
  const isWhole = before.length + after.length + sums.length === 0 && !stackedTwice;
  if (length < 2 || isWhole) return bindLoop(inputs, parameters);
  const first = constants + carries;
  const steps = new Map<Var, Steps>();
  const isCarry = (i: number): boolean => i >= constants && i < first;
  for (const [i, variable] of body.inputs.entries()) {
    if (!isCarry(i)) steps.set(variable, { tensor: inputs[i], stacked: i >= first });
  }
  runForAllSteps(before, steps, length);

  const summed = new Set(sums.map(({ carry }) => carry));
  const kept = body.outputs.slice(0, carries).flatMap((_, carry) => (summed.has(carry) ? [] : [carry]));
  const needed = [
    ...body.outputs.slice(carries),
    ...sums.flatMap(({ total }) => total.needs),
    ...after.flatMap((equation) => equation.inputs.filter((atom) => atom instanceof Var)),
  ];
  const inLoop = new Set<Var>(loop.flatMap((equation) => equation.outputs));
  for (const carry of kept) inLoop.add(body.inputs[constants + carry]);
  const stacked = [...new Set(needed.filter((variable) => inLoop.has(variable)))];
  const outputs = [...kept.map((carry) => body.outputs[carry]), ...stacked];
  const read = new Set<Atom>([...loop.flatMap((equation) => equation.inputs), ...outputs]);
  const operands = [...steps].filter(([variable]) => read.has(variable));
  const fixed = operands.filter(([, { stacked: isStacked }]) => !isStacked);
  const sequences = operands.filter(([, { stacked: isStacked }]) => isStacked);
  const bindRest = outputs.length === 0 ? (): Tensor[] => [] : bindLoop;
  const results = bindRest(
    [
      ...fixed.map(([, { tensor }]) => tensor),
      ...kept.map((carry) => inputs[constants + carry]),
      ...sequences.map(([, { tensor }]) => tensor),
    ],
    {
      ...parameters,
      constants: fixed.length,
      carries: kept.length,
      body: new Program(
        [
          ...fixed.map(([variable]) => variable),
          ...kept.map((carry) => body.inputs[constants + carry]),
          ...sequences.map(([variable]) => variable),
        ],
        loop,
        outputs,
      ),
    },
  );
  for (const [k, variable] of stacked.entries()) {
    steps.set(variable, { tensor: results[kept.length + k], stacked: true });
  }
  runForAllSteps(after, steps, length);

  const stepsOf = (variable: Var): Steps => {
    const found = steps.get(variable);
    if (found === undefined) throw new Error(`scan: Var ${variable.id} has no values`);
    return found;
  };
  const totals = new Map(sums.map(({ carry, total }) => [carry, total.compute(stepsOf)]));
  return body.outputs.map((variable, i): Tensor => {
    const total = totals.get(i);
    if (total !== undefined) return add(inputs[constants + i], total);
    if (i < carries) return results[kept.indexOf(i)];
    const { tensor, stacked: isStacked } = stepsOf(variable);
    return isStacked ? tensor : repeat(tensor, length);
  });
}

// Runs equations at all steps at once and adds what they compute to the known values.
function runForAllSteps(equations: readonly Equation[], steps: Map<Var, Steps>, length: number): void {
  if (equations.length === 0) return;
  const known = [...steps.values()];
  const outputs = equations.flatMap((equation) => equation.outputs);
  const results = runBatched(
    new Program([...steps.keys()], equations, outputs),
    known.map(({ tensor }) => tensor),
    known.map(({ stacked }) => stacked),
    length,
  );
  for (const [i, output] of outputs.entries()) {
    steps.set(output, { tensor: results.outputs[i], stacked: results.batched[i] });
  }
}

function divide({ constants, carries, length, body }: ScanParameters): Fission {
  const { equations } = body;
  const carryInputs = body.inputs.slice(constants, constants + carries);
  const before = dividedBefore(equations, carryInputs, body.inputs.slice(0, constants));
  const rest = equations.filter((equation) => !before.has(equation));
  const sums = sumsOf(rest, carryInputs, body.outputs, length);
  const kept = body.outputs.slice(0, carries).filter((_, k) => !sums.some(({ carry }) => carry === k));
  const totalled = sums.flatMap(({ total }) => total.needs);
  const live = neededEquations(rest, [...kept, ...body.outputs.slice(carries), ...totalled]);
  const after = dividedAfter(live, kept, new Set([...kept, ...body.outputs]));
  return {
    before: equations.filter((equation) => before.has(equation)),
    loop: live.filter((equation) => !after.has(equation)),
    after: live.filter((equation) => after.has(equation)),
    sums,
  };
}

// Products that depend on no carry, what they need, and what follows from them in no more room.
function dividedBefore(
  equations: readonly Equation[],
  carries: readonly Var[],
  constants: readonly Var[],
): Set<Equation> {
  const dependent = new Set<Atom>(carries);
  const free = equations.filter(({ inputs, outputs }) => {
    if (!inputs.some((atom) => dependent.has(atom))) return true;
    for (const output of outputs) dependent.add(output);
    return false;
  });
  const before = new Set<Equation>();
  for (const product of free.filter(isProduct)) {
    const needed = neededEquations(free, product.outputs);
    if (!needed.some(isControl)) for (const equation of needed) before.add(equation);
  }
  const sizes = new Map<Atom, number>(constants.map((variable) => [variable, 0]));
  for (const equation of free) {
    const room = equation.inputs.map((atom) => (atom instanceof Var ? sizes.get(atom) : 0));
    const [output] = equation.outputs;
    const size = sizeOf(output.type.shape);
    const follows =
      isCheap(equation.primitive) &&
      room.every((known) => known !== undefined) &&
      Math.max(0, ...room.map((known) => known ?? 0)) >= size;
    if (!before.has(equation) && !follows) continue;
    before.add(equation);
    for (const variable of equation.outputs) sizes.set(variable, sizeOf(variable.type.shape));
  }
  return before;
}

// Carries c ← c + term that nothing else reads, with terms that can be summed after the loop.
function sumsOf(
  equations: readonly Equation[],
  carries: readonly Var[],
  outputs: readonly Var[],
  length: number,
): Sum[] {
  const origin = new Map<Var, Equation | "carry">(carries.map((variable) => [variable, "carry"]));
  const uses = new Map<Atom, number>();
  const count = (atom: Atom): void => {
    uses.set(atom, (uses.get(atom) ?? 0) + 1);
  };
  for (const equation of equations) {
    for (const output of equation.outputs) origin.set(output, equation);
    equation.inputs.forEach(count);
  }
  outputs.forEach(count);
  return carries.flatMap((variable, carry): Sum[] => {
    const next = origin.get(outputs[carry]);
    if (next === undefined || next === "carry" || next.primitive.name !== add.primitive.name) return [];
    if (uses.get(variable) !== 1 || uses.get(outputs[carry]) !== 1) return [];
    if (!next.inputs.includes(variable)) return [];
    const term = next.inputs.find((atom) => atom !== variable);
    const total = term instanceof Var ? totalOf(term, (needed) => origin.get(needed), length) : undefined;
    return total === undefined ? [] : [{ carry, total }];
  });
}

// Products that no later step needs, what follows from them, and rearrangements of operands that only they read.
function dividedAfter(
  live: readonly Equation[],
  carries: readonly Var[],
  outputs: ReadonlySet<Var>,
): Set<Equation> {
  const control = live.filter(isControl).flatMap((equation) => equation.outputs);
  const inLoop = new Set(neededEquations(live, [...carries, ...control]));
  const after = new Set<Equation>();
  const late = new Set<Atom>();
  for (const equation of live) {
    if (inLoop.has(equation)) continue;
    if (!isProduct(equation) && !equation.inputs.some((atom) => late.has(atom))) continue;
    after.add(equation);
    for (const output of equation.outputs) late.add(output);
  }
  const readInLoop = new Set<Atom>(outputs);
  for (const equation of [...live].reverse()) {
    const [output] = equation.outputs;
    const operands = equation.inputs.filter((atom) => atom instanceof Var);
    const rearranges =
      isCheap(equation.primitive) &&
      operands.length === 1 &&
      sizeOf(operands[0].type.shape) <= sizeOf(output.type.shape);
    if (rearranges && !inLoop.has(equation) && !readInLoop.has(output)) after.add(equation);
    if (!after.has(equation)) for (const atom of equation.inputs) readInLoop.add(atom);
  }
  return after;
}

function isProduct({ primitive }: Equation): boolean {
  return primitive.lowering.kind === "contraction";
}

function isControl({ primitive }: Equation): boolean {
  const { kind } = primitive.lowering;
  return kind === "cond" || kind === "while" || kind === "scan" || kind === "call";
}
