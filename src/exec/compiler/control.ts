import { dtypeFacts } from "../../base/dtype.ts";
import { sizeOf } from "../../base/shape.ts";
import type { Command } from "../../lang/kernel/kernel.ts";
import type { Parameter } from "../../lang/program/primitive.ts";
import { type Equation, Program, type Var } from "../../lang/program/program.ts";
import type { Bindings, Built } from "./build.ts";
import { type Drafts, Frame } from "./frame.ts";

/** Writes a nested program into the plan. */
export type BuildNested = (frame: Frame, program: Program, bindings: Bindings) => Built;

/** The commands of a cond, while or scan equation: its programs become nested command lists on frames of their own. */
export function buildControl(
  drafts: Drafts,
  frame: Frame,
  equation: Equation,
  inputs: readonly number[],
  outputs: readonly number[],
  build: BuildNested,
): Command[] {
  const writer = new ControlWriter(drafts, frame, build);
  const { parameters } = equation;
  switch (equation.primitive.lowering.kind) {
    case "cond":
      return writer.cond(programs(parameters.branches), inputs, outputs);
    case "while": {
      const [condition, body] = programs([parameters.condition, parameters.body]);
      return writer.while(condition, body, number(parameters.constants), inputs, outputs);
    }
    case "scan":
      return writer.scan(equation, inputs, outputs);
    default:
      throw new Error(`'${equation.primitive.name}' cannot be compiled`);
  }
}

class ControlWriter {
  readonly #drafts: Drafts;
  readonly #frame: Frame;
  readonly #build: BuildNested;

  constructor(drafts: Drafts, frame: Frame, build: BuildNested) {
    this.#drafts = drafts;
    this.#frame = frame;
    this.#build = build;
  }

  cond(branches: readonly Program[], inputs: readonly number[], outputs: readonly number[]): Command[] {
    const [selector, ...operands] = inputs;
    const donated = operands.map(() => false);
    const lists = branches.map(
      (branch) => this.#nested(branch, { inputs: operands, donated, targets: outputs }).commands,
    );
    return [{ kind: "branch", selector, branches: lists }];
  }

  while(
    condition: Program,
    body: Program,
    constants: number,
    inputs: readonly number[],
    outputs: readonly number[],
  ): Command[] {
    const predicate = this.#drafts.addToFrame("bool", 1, this.#frame);
    const operands = [...inputs.slice(0, constants), ...outputs];
    const donated = operands.map(() => false);
    const test = this.#nested(condition, { inputs: operands, donated, targets: [predicate] });
    const step = this.#carried(body, operands, constants, outputs, []);
    return [
      ...this.#copyAll(inputs.slice(constants), outputs),
      { kind: "while", condition: test.commands, predicate, body: step },
    ];
  }

  scan(equation: Equation, inputs: readonly number[], outputs: readonly number[]): Command[] {
    const { parameters } = equation;
    const [constants, carries, length] = [parameters.constants, parameters.carries, parameters.length].map(
      number,
    );
    const [body] = programs([parameters.body]);
    const steps: { buffer: number; strideBytes: number }[] = [];
    const slice = (of: number, variable: Var): number => {
      const { dtype, shape } = variable.type;
      const bytes = sizeOf(shape) * dtypeFacts[dtype].bytes;
      const reverse = parameters.reverse === true;
      const byteOffset = reverse ? bytes * (length - 1) : 0;
      const buffer = this.#drafts.add(dtype, sizeOf(shape), { kind: "view", of, byteOffset });
      steps.push({ buffer, strideBytes: reverse ? -bytes : bytes });
      return buffer;
    };
    const carry = outputs.slice(0, carries);
    const sequences = inputs
      .slice(constants + carries)
      .map((buffer, i) => slice(buffer, body.inputs[constants + carries + i]));
    const results = outputs.slice(carries).map((buffer, i) => slice(buffer, body.outputs[carries + i]));
    const operands = [...inputs.slice(0, constants), ...carry, ...sequences];
    const commands = this.#carried(body, operands, constants, carry, results);
    return [
      ...this.#copyAll(inputs.slice(constants, constants + carries), carry),
      { kind: "repeat", count: length, body: commands, steps },
    ];
  }

  // One iteration: the new carry goes over the old one in place where that is safe, else through a buffer of its own.
  #carried(
    body: Program,
    operands: readonly number[],
    constants: number,
    carry: readonly number[],
    results: readonly number[],
  ): Command[] {
    const donated = operands.map((_, i) => {
      const k = i - constants;
      return k >= 0 && k < carry.length ? k : false;
    });
    const next = carry.map((buffer) => {
      const { dtype, length } = this.#drafts.describe(buffer);
      return this.#drafts.addToFrame(dtype, length, this.#frame);
    });
    const built = this.#nested(body, { inputs: operands, donated, targets: [...next, ...results] });
    return [...built.commands, ...this.#copyAll(built.outputs.slice(0, carry.length), carry)];
  }

  #nested(program: Program, bindings: Bindings): Built {
    const child = new Frame();
    const built = this.#build(child, program, bindings);
    this.#frame.close(child);
    return built;
  }

  #copyAll(from: readonly number[], to: readonly number[]): Command[] {
    return from.flatMap((buffer, i): Command[] =>
      buffer === to[i] ? [] : [{ kind: "copy", from: buffer, to: to[i] }],
    );
  }
}

function programs(parameter: Parameter): Program[] {
  if (!Array.isArray(parameter)) throw new Error("expected a list of programs");
  return parameter.map((program: Parameter) => {
    if (!(program instanceof Program)) throw new Error("expected a program");
    return program;
  });
}

function number(parameter: Parameter): number {
  if (typeof parameter !== "number") throw new Error("expected a number");
  return parameter;
}
