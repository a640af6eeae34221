import { type DType, dtypeFacts, type TypedArray } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import type { TensorType } from "../../base/type.ts";
import type { Command, Kernel, KernelBuffer, Routine } from "../../lang/kernel/kernel.ts";
import { literal } from "../../lang/kernel/scalar.ts";
import type { HostArray } from "../../lang/program/primitive.ts";
import { type Equation, Literal, type Program, typeOf, Var } from "../../lang/program/program.ts";
import { type BuildNested, buildControl } from "./control.ts";
import { emitCluster } from "./emit.ts";
import type { Drafts, Frame } from "./frame.ts";
import { fuse, type Step } from "./fuse.ts";
import { buildGraph, type Graph } from "./graph.ts";
import { storageOf } from "./reader.ts";
import { canOverwrite, type Donation, schedule } from "./schedule.ts";

/** Where a program's inputs are and where its outputs should go. */
export interface Bindings {
  /** The buffer of each input. */
  readonly inputs: readonly number[];
  /** Which inputs may be overwritten: by any output, by output k only, or not at all. */
  readonly donated: readonly (boolean | number)[];
  /** The buffer each output is to be written to. */
  readonly targets: readonly number[];
}

/** The commands of a program, and where its outputs are: their targets, or donated inputs updated in place. */
export interface Built {
  readonly commands: Command[];
  readonly outputs: number[];
}

/** Writes a program into a plan: fuse, schedule, choose buffers, emit. */
export function buildProgram(drafts: Drafts, frame: Frame, program: Program, bindings: Bindings): Built {
  return new Builder(drafts, frame, buildGraph(program), bindings).build();
}

class Builder {
  readonly #drafts: Drafts;
  readonly #frame: Frame;
  readonly #graph: Graph;
  readonly #bindings: Bindings;
  readonly #bufferOf = new Map<Var, number>();
  readonly #variables = new Map<number, Var>();
  readonly #commands: Command[] = [];
  readonly #needed = new Set<Var>();
  readonly #lastUse = new Map<Var, number>();

  constructor(drafts: Drafts, frame: Frame, graph: Graph, bindings: Bindings) {
    this.#drafts = drafts;
    this.#frame = frame;
    this.#graph = graph;
    this.#bindings = bindings;
  }

  build(): Built {
    const graph = this.#graph;
    const bindings = this.#bindings;
    for (const [i, input] of graph.inputs.entries()) this.#assign(input, bindings.inputs[i]);
    const outputs = graph.outputs.map((atom) => (atom instanceof Literal ? atom : storageOf(graph, atom)));
    const outputVars = outputs.filter((atom) => atom instanceof Var);
    const donations = graph.inputs.flatMap((input, i): Donation[] => {
      const taker = bindings.donated[i];
      if (taker === false || outputVars.includes(input)) return [];
      const only = typeof taker === "number" ? outputs[taker] : undefined;
      return [{ input, only: only instanceof Var ? only : undefined }];
    });
    const plan = schedule(fuse(graph, this.#drafts.checks), donations, outputVars);
    for (const [t, step] of plan.steps.entries()) {
      for (const variable of step.reads) {
        this.#needed.add(variable);
        this.#lastUse.set(variable, t);
      }
    }
    for (const variable of outputVars) {
      this.#needed.add(variable);
      this.#lastUse.set(variable, Number.POSITIVE_INFINITY);
    }
    const places = new Map<Var, number>();
    for (const [k, output] of outputs.entries()) {
      if (output instanceof Var && !places.has(output)) places.set(output, bindings.targets[k]);
    }
    for (const { output, input } of plan.overwrites) places.set(output, this.#buffer(input));
    for (const [t, step] of plan.steps.entries()) {
      this.#frame.step = t;
      this.#buildStep(step, t, places);
    }
    this.#frame.step = plan.steps.length;
    return { commands: this.#commands, outputs: this.#deliver(outputs) };
  }

  #buildStep(step: Step, t: number, places: ReadonlyMap<Var, number>): void {
    const reused = new Set<Var>();
    for (const variable of step.computes) {
      if (step.cluster !== undefined && !this.#needed.has(variable)) continue;
      const place = places.get(variable) ?? this.#reuse(step, variable, t, reused);
      const { dtype, shape } = variable.type;
      this.#assign(variable, place ?? this.#drafts.addToFrame(dtype, sizeOf(shape), this.#frame));
    }
    for (const variable of [...step.reads, ...step.computes]) {
      const buffer = this.#bufferOf.get(variable);
      if (buffer !== undefined) this.#drafts.use(buffer);
    }
    if (step.cluster === undefined) {
      this.#commands.push(...this.#buildWhole(step.equation));
      return;
    }
    const scope = step.equation.scope;
    for (const { kernel, variables } of emitCluster(step.cluster, this.#variables, (v) =>
      this.#needed.has(v),
    )) {
      this.#commands.push({ kind: "kernel", kernel, buffers: variables.map((v) => this.#buffer(v)), scope });
    }
  }

  // The buffer of an operand that nobody reads later and that the kernel reads only where it writes.
  #reuse(step: Step, variable: Var, t: number, reused: Set<Var>): number | undefined {
    for (const operand of step.reads) {
      if (this.#lastUse.get(operand) !== t || reused.has(operand)) continue;
      const buffer = this.#buffer(operand);
      if (this.#drafts.frameOf(buffer) !== this.#frame || !canOverwrite(step, variable, operand)) continue;
      reused.add(operand);
      step.cluster?.overwrites.set(variable, operand);
      return this.#drafts.share(buffer, variable.type.dtype, sizeOf(variable.type.shape));
    }
    return undefined;
  }

  #buildWhole(equation: Equation): Command[] {
    const { kind } = equation.primitive.lowering;
    const outputs = equation.outputs.map((output) => this.#buffer(output));
    if (kind === "routine") {
      const variables = equation.inputs.filter((atom) => atom instanceof Var);
      const buffers = [...variables.map((variable) => this.#bufferFor(variable)), ...outputs];
      return [{ kind: "kernel", kernel: routineKernel(equation), buffers, scope: equation.scope }];
    }
    const inputs = equation.inputs.map((atom) => {
      if (atom instanceof Var) return this.#bufferFor(atom);
      const buffer = this.#drafts.addToFrame(atom.dtype, 1, this.#frame);
      this.#commands.push(fillCommand(buffer, atom, 1));
      return buffer;
    });
    const build: BuildNested = (frame, program, bindings) =>
      buildProgram(this.#drafts, frame, program, bindings);
    return buildControl(this.#drafts, this.#frame, equation, inputs, outputs, build);
  }

  // Moves what is not in place yet: inputs that are returned, one value returned twice, literals.
  #deliver(outputs: readonly (Var | Literal)[]): number[] {
    const delivered = new Set<number>();
    return outputs.map((output, k) => {
      const target = this.#bindings.targets[k];
      if (output instanceof Literal) {
        this.#commands.push(fillCommand(target, output, this.#drafts.describe(target).length));
        return target;
      }
      const buffer = this.#buffer(output);
      const input = this.#bindings.inputs.indexOf(buffer);
      const donated =
        input >= 0 && (this.#bindings.donated[input] === true || this.#bindings.donated[input] === k);
      if ((buffer === target || donated) && !delivered.has(buffer)) {
        delivered.add(buffer);
        return buffer;
      }
      this.#drafts.use(buffer);
      this.#commands.push({ kind: "copy", from: buffer, to: target });
      return target;
    });
  }

  #assign(variable: Var, buffer: number): void {
    this.#bufferOf.set(variable, buffer);
    this.#variables.set(variable.id, variable);
  }

  #bufferFor(variable: Var): number {
    return this.#buffer(storageOf(this.#graph, variable));
  }

  #buffer(variable: Var): number {
    const buffer = this.#bufferOf.get(variable);
    if (buffer === undefined) throw new Error(`Var ${variable.id} has no buffer`);
    return buffer;
  }
}

// buffer[:] = literal
function fillCommand(buffer: number, { dtype, value }: Literal, length: number): Command {
  const kernel: Kernel = {
    kind: "loops",
    name: "fill",
    space: [length],
    inner: [],
    buffers: [{ dtype, access: "write" }],
    statements: [
      {
        kind: "store",
        level: "outer",
        mode: "set",
        buffer: 0,
        index: { offset: 0, coefficients: [1], dynamic: [] },
        guards: [],
        value: literal(dtype, value),
      },
    ],
  };
  return { kind: "kernel", kernel, buffers: [buffer], scope: "" };
}

function routineKernel(equation: Equation): Routine {
  const { primitive, inputs, outputs, parameters } = equation;
  const variables = inputs.filter((atom) => atom instanceof Var);
  const types = [...variables, ...outputs].map((variable) => variable.type);
  const buffers: KernelBuffer[] = types.map(({ dtype }, i) => ({
    dtype,
    access: i < variables.length ? "read" : "write",
  }));
  return {
    kind: "routine",
    name: primitive.name,
    buffers,
    types,
    run: (arrays) => {
      let next = 0;
      const operands = inputs.map((atom): HostArray => {
        const type: TensorType = typeOf(atom);
        const data = atom instanceof Literal ? scalarArray(atom.dtype, atom.value) : arrays[next++];
        return { ...type, data };
      });
      const results = primitive.reference({
        inputs: operands,
        outputs: types.slice(variables.length),
        parameters,
      });
      for (const [i, result] of results.entries()) arrays[variables.length + i].set(result);
    },
  };
}

function scalarArray(dtype: DType, value: number): TypedArray {
  const array = dtypeFacts[dtype].create(1);
  array[0] = value;
  return array;
}
