import { checkOptions, NeuriteError } from "../base/error.ts";
import type { Command, Kernel, Plan } from "../lang/kernel/kernel.ts";
import { printProgram } from "../lang/program/print.ts";
import type { Program } from "../lang/program/program.ts";
import type { Tensor } from "../lang/program/tensor.ts";
import { isTracing, trace } from "../lang/program/trace.ts";
import type { Tensors } from "../lang/transforms/types.ts";
import { fill, Leaves, leavesOf, matches, type Pattern, patternOf } from "./arguments.ts";
import type { Device, Runner } from "./device.ts";
import { storageOf } from "./device.ts";
import { currentDevice } from "./devices.ts";
import { narrowNumbers } from "./numbers.ts";
import { type Rebuild, type Result, takeApart } from "./results.ts";
import type { Storage } from "./storage.ts";

/** Options of `jit`. */
export interface JitOptions {
  /** Positions of arguments that are settings: each value compiles a program of its own. Default none. */
  readonly static?: number | readonly number[];
  /** Positions of arguments whose tensors may be overwritten: using them again is an error. Default none. */
  readonly donate?: number | readonly number[];
  /** The name in errors and profiles; default: the function's own. */
  readonly name?: string;
}

/** A function that runs as a compiled program. */
export interface Jitted<A extends readonly unknown[], R> {
  (...args: A): R;
  /** The program for these arguments, without running it. */
  lower(...args: A): Lowered;
}

/** A program and, on devices that compile, its plan. */
export interface Lowered {
  readonly program: Program;
  readonly plan: Plan | undefined;
  /** The program as text. */
  toString(): string;
  /** The kernels of the plan, those inside loops and branches too; none on devices that do not compile. */
  kernels(): Kernel[];
}

type AnyFunction = (...args: unknown[]) => unknown;

/** What one call pattern compiles to. */
interface Entry {
  readonly device: Device;
  readonly patterns: readonly Pattern[];
  /** Tensors of outer variables, read again at every call. */
  readonly captured: readonly Storage[];
  readonly runner: Runner;
  readonly rebuild: Rebuild;
}

const entriesPerFunction = 64;

/**
 * Compiles a function of tensors: the first call with arguments of new shapes, dtypes, structure or settings traces and
 * compiles it, later ones only run the program.
 *
 * Tensors and numbers may come in nested arrays and plain objects; a number is a run-time scalar, so that a changed
 * learning rate compiles nothing; strings and truth values select a program of their own. Tensors of outer variables are
 * read at every call, the variables themselves only while tracing. Inside another transformation the function is
 * written in place. Throws for reading a value inside, and for arguments that are neither data nor settings.
 *
 * @example
 * ```ts
 * const step = jit((w: Tensor, g: Tensor, rate: number) => sub(w, mul(g, rate)), { donate: 0 });
 * let w = tensor([1, 2]);
 * w = step(w, tensor([0.5, 0.5]), 0.1);
 * ```
 */
export function jit<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options?: JitOptions,
): Jitted<A, Tensors<R>>;
export function jit(f: AnyFunction, options: JitOptions = {}): Jitted<unknown[], unknown> {
  checkOptions("jit", options, ["static", "donate", "name"]);
  const name = nameOf(f, options.name);
  const statics = positionsOf("jit: static", options.static);
  const donated = positionsOf("jit: donate", options.donate);
  const both = donated.find((position) => statics.includes(position));
  if (both !== undefined) {
    throw new NeuriteError({
      operation: name,
      got: `argument ${both} as static and donated`,
      expected: "either a setting or data",
    });
  }
  const entries: Entry[] = [];
  const leaves = new Leaves();

  const find = (args: readonly unknown[]): Entry | undefined => {
    const device = currentDevice();
    for (let k = 0; k < entries.length; k++) {
      const entry = entries[k];
      if (entry.device !== device || !matchesAll(entry.patterns, args, leaves)) continue;
      if (k > 0) {
        entries.splice(k, 1);
        entries.unshift(entry);
      }
      return entry;
    }
    return undefined;
  };

  const build = (args: readonly unknown[]): Entry => {
    const entry = compileEntry(f, args, name, statics, donated);
    entries.unshift(entry);
    if (entries.length > entriesPerFunction) entries.pop()?.runner.release();
    matchesAll(entry.patterns, args, leaves);
    return entry;
  };

  const call = (...args: unknown[]): unknown => {
    if (isTracing()) return f(...args);
    const { captured, runner, rebuild } = find(args) ?? build(args);
    for (let i = 0; i < captured.length; i++) leaves.push(captured[i]);
    leaves.values.length = leaves.count;
    try {
      return rebuild(runner.run(leaves.values));
    } finally {
      // Keep no tensor alive between calls.
      leaves.values.fill(0);
    }
  };

  const lower = (...args: unknown[]): Lowered => {
    const { program, patterns } = traceCall(f, args, name, statics);
    const runner = currentDevice().prepare(program, donationsOf(name, program, patterns, donated));
    const { plan } = runner;
    runner.release();
    return {
      program,
      plan,
      toString: () => printProgram(program),
      kernels: () => kernelsOf(plan?.commands ?? []),
    };
  };
  return Object.assign(call, { lower });
}

/**
 * The program that a function records for some arguments, for reading and for tests.
 *
 * @example
 * ```ts
 * console.log(printProgram(programOf((x: Tensor) => mul(x, x), tensor([1, 2]))));
 * ```
 */
export function programOf<A extends readonly unknown[]>(f: (...args: A) => unknown, ...args: A): Program;
export function programOf(f: AnyFunction, ...args: readonly unknown[]): Program {
  return traceCall(f, args, nameOf(f, undefined), []).program;
}

function kernelsOf(commands: readonly Command[]): Kernel[] {
  return commands.flatMap(kernelsOfCommand);
}

function kernelsOfCommand(command: Command): Kernel[] {
  switch (command.kind) {
    case "kernel":
      return [command.kernel];
    case "copy":
      return [];
    case "branch":
      return command.branches.flatMap(kernelsOf);
    case "while":
      return kernelsOf([...command.condition, ...command.body]);
    case "repeat":
      return kernelsOf(command.body);
  }
}

function nameOf(f: AnyFunction, name: string | undefined): string {
  return name ?? `jit(${f.name === "" ? "anonymous function" : f.name})`;
}

function positionsOf(
  operation: string,
  positions: number | readonly number[] | undefined,
): readonly number[] {
  const list = positions === undefined ? [] : typeof positions === "number" ? [positions] : positions;
  for (const position of list) {
    if (!Number.isInteger(position) || position < 0) {
      throw new NeuriteError({
        operation,
        got: String(position),
        expected: "positions of arguments, from 0",
      });
    }
  }
  return list;
}

function matchesAll(patterns: readonly Pattern[], args: readonly unknown[], leaves: Leaves): boolean {
  leaves.count = 0;
  if (patterns.length !== args.length) return false;
  for (let i = 0; i < patterns.length; i++) if (!matches(patterns[i], args[i], leaves)) return false;
  return true;
}

interface TracedCall extends Result {
  readonly program: Program;
  readonly captured: readonly Tensor[];
  readonly patterns: readonly Pattern[];
}

function traceCall(
  f: AnyFunction,
  args: readonly unknown[],
  name: string,
  statics: readonly number[],
): TracedCall {
  const patterns = args.map((arg, i) => patternOf(arg, `argument ${i}`, statics.includes(i), name));
  const inputs = patterns.flatMap(leavesOf);
  let result: Result = takeApart(undefined, name);
  const { program, captured } = trace(
    (...tensors) => {
      let next = 0;
      result = takeApart(f(...patterns.map((pattern) => fill(pattern, () => tensors[next++]))), name);
      return result.tensors;
    },
    inputs.map((leaf) => (leaf.kind === "number" ? { dtype: "f64", shape: [] } : leaf)),
    { name, weak: inputs.map((leaf) => leaf.kind === "number" || leaf.weak) },
  );
  const narrowed = narrowNumbers(
    program,
    inputs.map((leaf) => leaf.kind === "number"),
  );
  return { ...result, program: narrowed, captured, patterns };
}

function compileEntry(
  f: AnyFunction,
  args: readonly unknown[],
  name: string,
  statics: readonly number[],
  donated: readonly number[],
): Entry {
  const { program, captured, patterns, rebuild } = traceCall(f, args, name, statics);
  const device = currentDevice();
  return {
    device,
    patterns,
    captured: captured.map((tensor) => storageOf(tensor, name)),
    runner: device.prepare(program, donationsOf(name, program, patterns, donated)),
    rebuild,
  };
}

/** The name under which each input is given away; undefined for inputs that are only read. */
function donationsOf(
  name: string,
  program: Program,
  patterns: readonly Pattern[],
  donated: readonly number[],
): (string | undefined)[] {
  const ofArguments = patterns.flatMap((pattern, i) =>
    leavesOf(pattern).map((leaf) =>
      donated.includes(i) && leaf.kind === "tensor" ? `${leaf.path} of ${name}` : undefined,
    ),
  );
  return program.inputs.map((_, i) => ofArguments[i]);
}
