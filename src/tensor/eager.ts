import { sameType, type TensorType } from "../base/type.ts";
import { broadcastPrimitive } from "../lang/ops/structure.ts";
import { expandCalls } from "../lang/program/calls.ts";
import type { Operand, Parameter, Parameters, Primitive } from "../lang/program/primitive.ts";
import { printProgram } from "../lang/program/print.ts";
import { type Equation, Literal, Program, Var } from "../lang/program/program.ts";
import { operandType } from "../lang/program/trace.ts";
import type { Runner } from "./device.ts";

interface OperandKey extends TensorType {
  readonly isLiteral: boolean;
}

interface Entry {
  readonly operands: readonly OperandKey[];
  readonly parameters: Parameters;
  readonly scope: string;
  readonly runner: Runner;
}

const entriesPerPrimitive = 64;
const texts = new WeakMap<Program, string>();

/** Programs of one equation, compiled once for each primitive, parameters and operand types. */
export class EagerCache {
  readonly #prepare: (program: Program) => Runner;
  readonly #entries = new Map<Primitive, Entry[]>();

  constructor(prepare: (program: Program) => Runner) {
    this.#prepare = prepare;
  }

  /** The runner of an equation; numbers written as literals become its run-time scalars. */
  runnerFor(
    primitive: Primitive,
    operands: readonly Operand[],
    parameters: Parameters,
    outputs: readonly TensorType[],
    scope: string,
  ): Runner {
    let entries = this.#entries.get(primitive);
    if (entries === undefined) {
      entries = [];
      this.#entries.set(primitive, entries);
    }
    const where = canFail(primitive) ? scope : "";
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (!fits(entry, operands, parameters, where)) continue;
      if (i > 0) {
        entries.splice(i, 1);
        entries.unshift(entry);
      }
      return entry.runner;
    }
    const runner = this.#prepare(programOfEquation(primitive, operands, parameters, outputs, where));
    const keys = operands.map((operand) => ({
      ...typeOf(operandType(operand)),
      isLiteral: operand instanceof Literal,
    }));
    entries.unshift({ operands: keys, parameters, scope: where, runner });
    if (entries.length > entriesPerPrimitive) entries.pop()?.runner.release();
    return runner;
  }
}

/** True when the scope shows in an error: only then is it part of the key. */
function canFail({ checks, lowering: { kind } }: Primitive): boolean {
  return checks !== undefined || kind === "cond" || kind === "while" || kind === "scan";
}

function fits(entry: Entry, operands: readonly Operand[], parameters: Parameters, scope: string): boolean {
  const { operands: keys } = entry;
  if (keys.length !== operands.length || entry.scope !== scope) return false;
  for (let i = 0; i < keys.length; i++) {
    const operand = operands[i];
    const { isLiteral } = keys[i];
    if (operand instanceof Literal) {
      if (!isLiteral || operand.dtype !== keys[i].dtype) return false;
    } else if (isLiteral || !sameType(operand, keys[i])) return false;
  }
  return sameRecord(entry.parameters, parameters);
}

function sameRecord(a: Readonly<Record<string, Parameter>>, b: Readonly<Record<string, Parameter>>): boolean {
  if (a === b) return true;
  let count = 0;
  for (const key in a) {
    if (!sameParameter(a[key], b[key])) return false;
    count++;
  }
  for (const _ in b) count--;
  return count === 0;
}

function sameParameter(a: Parameter, b: Parameter): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object") return false;
  if (a instanceof Program) return b instanceof Program && textOf(a) === textOf(b);
  if (isList(a)) {
    return isList(b) && a.length === b.length && a.every((item, i) => sameParameter(item, b[i]));
  }
  return !(b instanceof Program) && !isList(b) && sameRecord(a, b);
}

function isList(parameter: Parameter): parameter is readonly Parameter[] {
  return Array.isArray(parameter);
}

/** Calls are written out: the functions they carry differ from trace to trace. */
function textOf(program: Program): string {
  const known = texts.get(program);
  if (known !== undefined) return known;
  const text = printProgram(expandCalls(program));
  texts.set(program, text);
  return text;
}

/** The equation as a program; literals are scalar inputs, spread over the shape of the other operands. */
function programOfEquation(
  primitive: Primitive,
  operands: readonly Operand[],
  parameters: Parameters,
  outputs: readonly TensorType[],
  scope: string,
): Program {
  const shape = operands.find((operand) => !(operand instanceof Literal));
  const inputs = operands.map((operand) => new Var(typeOf(operandType(operand))));
  const equations: Equation[] = [];
  const atoms = inputs.map((input, i) => {
    if (!(operands[i] instanceof Literal) || shape === undefined) return input;
    const spread = new Var({ dtype: input.type.dtype, shape: operandType(shape).shape });
    equations.push({
      primitive: broadcastPrimitive,
      inputs: [input],
      outputs: [spread],
      parameters: { shape: spread.type.shape, axes: [] },
      scope,
    });
    return spread;
  });
  const results = outputs.map((type) => new Var(type));
  equations.push({ primitive, inputs: atoms, outputs: results, parameters, scope });
  return new Program(inputs, equations, results);
}

// A tensor is a type too; the cache must not keep its data.
function typeOf({ dtype, shape }: TensorType): TensorType {
  return { dtype, shape };
}
