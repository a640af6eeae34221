import { NeuriteError } from "../../base/error.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { currentEvaluator } from "./evaluator.ts";
import type { Operand, Parameters, Primitive } from "./primitive.ts";
import { type Atom, type Equation, Literal, Program, Var } from "./program.ts";
import { type Concrete, Symbolic, Tensor } from "./tensor.ts";

/** How a trace is started. */
export interface TraceOptions {
  /** What is traced, for error messages: `jit(step)`. */
  readonly name: string;
  /** Concrete (or outer) tensors behind the arguments: reading values then works inside. */
  readonly known?: readonly Tensor[];
  /** Which arguments are JS numbers and so take the dtype of what they meet. */
  readonly weak?: readonly boolean[];
}

/** A finished recording: `program.inputs` are the arguments, then one Var per captured tensor. */
export interface Traced {
  readonly program: Program;
  readonly captured: readonly Tensor[];
}

const open: Trace[] = [];
let scopePath = "";

/** One recording of a function on symbolic tensors. */
export class Trace {
  readonly name: string;
  readonly #equations: Equation[] = [];
  readonly #captures = new Map<Var | Concrete, { tensor: Tensor; variable: Var }>();
  readonly #known: Map<Var, Tensor> | undefined;
  readonly #arguments: ReadonlyMap<Var, Tensor>;
  readonly #origins = new Map<Var, Equation>();
  closed = false;

  constructor(name: string, values: ReadonlyMap<Var, Tensor> | undefined) {
    this.name = name;
    this.#known = values === undefined ? undefined : new Map();
    this.#arguments = values ?? new Map();
  }

  /** The Var of a tensor inside this trace: its own, or a captured input. */
  variableOf(tensor: Tensor): Var {
    const { source } = tensor;
    if (source instanceof Symbolic) {
      if (source.trace === this) return source.variable;
      if (source.trace.closed) throw outlived(source);
    }
    const key = source instanceof Symbolic ? source.variable : source;
    const captured = this.#captures.get(key);
    if (captured !== undefined) return captured.variable;
    const variable = new Var({ dtype: tensor.dtype, shape: tensor.shape });
    this.#captures.set(key, { tensor, variable });
    return variable;
  }

  record(primitive: Primitive, inputs: readonly Operand[], parameters: Parameters): Tensor[] {
    const atoms = inputs.map((input): Atom => (input instanceof Literal ? input : this.variableOf(input)));
    const outputs = primitive.infer(inputs.map(operandType), parameters).map((type) => new Var(type));
    const equation: Equation = { primitive, inputs: atoms, outputs, parameters, scope: scopePath };
    this.#equations.push(equation);
    for (const output of outputs) this.#origins.set(output, equation);
    return outputs.map((output) => this.tensorOf(output));
  }

  tensorOf(variable: Var, weak = false): Tensor {
    return new Tensor(variable.type.dtype, variable.type.shape, new Symbolic(this, variable), weak);
  }

  finish(inputs: readonly Var[], outputs: readonly Tensor[]): Traced {
    const variables = outputs.map((output) => this.variableOf(output));
    const captures = [...this.#captures.values()];
    const program = new Program(
      [...inputs, ...captures.map((capture) => capture.variable)],
      this.#equations,
      variables,
    );
    return { program, captured: captures.map((capture) => capture.tensor) };
  }

  /** What made a Var, for error messages. */
  describe(variable: Var): string {
    const equation = this.#origins.get(variable);
    const where = equation === undefined || equation.scope === "" ? "" : ` in '${equation.scope}'`;
    const what = equation === undefined ? "an input" : `a result of '${equation.primitive.name}'`;
    return `${what}${where} of ${this.name}`;
  }

  /** The concrete value of a Var, computed on demand where the arguments' values are at hand. */
  valueOf(variable: Var): Tensor | undefined {
    if (this.#known === undefined) return undefined;
    const needed = this.#needed(variable);
    if (needed === undefined) return undefined;
    for (const equation of this.#equations) {
      if (!needed.has(equation)) continue;
      const inputs: Operand[] = [];
      for (const atom of equation.inputs) {
        const value = atom instanceof Literal ? atom : this.#known.get(atom);
        if (value === undefined) return undefined;
        inputs.push(value);
      }
      const types = equation.outputs.map((output) => output.type);
      const results = currentEvaluator().evaluate(
        equation.primitive,
        inputs,
        equation.parameters,
        types,
        equation.scope,
      );
      for (const [i, output] of equation.outputs.entries()) this.#known.set(output, results[i]);
    }
    return this.#known.get(variable);
  }

  /** The equations to evaluate for a Var; undefined when an input has no value. */
  #needed(variable: Var): Set<Equation> | undefined {
    const needed = new Set<Equation>();
    const pending = [variable];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      if (this.#known?.has(next)) continue;
      const equation = this.#origins.get(next);
      if (equation === undefined) {
        if (!this.#learnInput(next)) return undefined;
      } else if (!needed.has(equation)) {
        needed.add(equation);
        for (const atom of equation.inputs) if (atom instanceof Var) pending.push(atom);
      }
    }
    return needed;
  }

  // Values of an outer trace are computed only when somebody reads them.
  #learnInput(variable: Var): boolean {
    const captured = [...this.#captures.values()].find((capture) => capture.variable === variable);
    const tensor = this.#arguments.get(variable) ?? captured?.tensor;
    const value = tensor === undefined ? undefined : concreteValue(tensor);
    if (value !== undefined) this.#known?.set(variable, value);
    return value !== undefined;
  }
}

/** The concrete tensor behind a tensor, or undefined while only its type is known. */
export function concreteValue(tensor: Tensor): Tensor | undefined {
  if (!(tensor.source instanceof Symbolic)) return tensor;
  if (tensor.source.trace.closed) throw outlived(tensor.source);
  return tensor.source.trace.valueOf(tensor.source.variable);
}

/** The error for reading a value where there is only a symbol. */
export function symbolicValueError(operation: string, tensor: Tensor): NeuriteError {
  const { source } = tensor;
  const origin = source instanceof Symbolic ? source.trace.describe(source.variable) : "";
  return new NeuriteError({
    operation,
    got: `the symbolic ${formatType(tensor)} (${origin})`,
    expected: "a tensor with data: inside jit, vmap and control flow only types are known",
    hint: "choose by value with cond or where, loop with scan or whileLoop, or return the tensor and read it outside",
  });
}

function outlived(source: Symbolic): NeuriteError {
  return new NeuriteError({
    operation: "use of a symbolic tensor",
    got: `${formatType(source.variable.type)}, ${source.trace.describe(source.variable)}, whose tracing has ended`,
    expected: "a tensor of the function being traced, or a concrete one",
    hint: "return it from the traced function instead of keeping it in an outer variable",
  });
}

/** Records `f` on symbolic tensors of the given types. */
export function trace(
  f: (...inputs: Tensor[]) => readonly Tensor[],
  types: readonly TensorType[],
  options: TraceOptions,
): Traced {
  const variables = types.map((type) => new Var({ dtype: type.dtype, shape: type.shape }));
  const values = options.known && new Map(options.known.map((tensor, i) => [variables[i], tensor]));
  const recording = new Trace(options.name, values);
  open.push(recording);
  try {
    const inputs = variables.map((variable, i) => recording.tensorOf(variable, options.weak?.[i] ?? false));
    return recording.finish(variables, f(...inputs));
  } finally {
    recording.closed = true;
    open.pop();
  }
}

/** Applies a primitive: recorded in the innermost trace, else evaluated at once. */
export function bind(primitive: Primitive, inputs: readonly Operand[], parameters: Parameters): Tensor[] {
  const recording = open.at(-1);
  if (recording !== undefined) return recording.record(primitive, inputs, parameters);
  for (const input of inputs) {
    if (input instanceof Tensor && input.source instanceof Symbolic) throw outlived(input.source);
  }
  const types = primitive.infer(inputs.map(operandType), parameters);
  return currentEvaluator().evaluate(primitive, inputs, parameters, types, scopePath);
}

/** Writes a program's equations into the innermost trace (or evaluates them) with tensors for its inputs. */
export function inline(program: Program, inputs: readonly Tensor[]): Tensor[] {
  const values = new Map<Var, Tensor>(program.inputs.map((variable, i) => [variable, inputs[i]]));
  const tensorFor = (variable: Var): Tensor => {
    const value = values.get(variable);
    if (value === undefined) throw new Error(`Var ${variable.id} is read before it is assigned`);
    return value;
  };
  for (const equation of program.equations) {
    const operands = equation.inputs.map((atom) => (atom instanceof Literal ? atom : tensorFor(atom)));
    const results = inScope(equation.scope, () => bind(equation.primitive, operands, equation.parameters));
    for (const [i, output] of equation.outputs.entries()) values.set(output, results[i]);
  }
  return program.outputs.map(tensorFor);
}

/**
 * Runs `f` with equations labelled by `name` below the current scope.
 *
 * @example
 * ```ts
 * const program = programOf((x: Tensor) => withScope("hidden", () => tanh(x)), tensor([1, 2]));
 * program.equations[0].scope; // "hidden"
 * ```
 */
export function withScope<T>(name: string, f: () => T): T {
  return inScope(scopePath === "" ? name : `${scopePath}/${name}`, f);
}

/** Runs `f` with equations labelled by exactly `path`. */
export function inScope<T>(path: string, f: () => T): T {
  const outer = scopePath;
  scopePath = path;
  try {
    return f();
  } finally {
    scopePath = outer;
  }
}

/** The scope that the next equation gets. */
export function currentScope(): string {
  return scopePath;
}

/**
 * True while a function is being recorded.
 *
 * @example
 * ```ts
 * isTracing(); // false
 * jit((x: Tensor) => (isTracing() ? mul(x, 2) : x))(tensor([1, 2])); // [2, 4]
 * ```
 */
export function isTracing(): boolean {
  return open.length > 0;
}

/** The type of an operand; a literal counts as a scalar. */
export function operandType(operand: Operand): TensorType {
  return operand instanceof Literal ? { dtype: operand.dtype, shape: [] } : operand;
}
