import { sizeOf } from "../../base/shape.ts";
import type { Plan } from "../../lang/kernel/kernel.ts";
import { expandCalls } from "../../lang/program/calls.ts";
import type { Program } from "../../lang/program/program.ts";
import { buildProgram } from "./build.ts";
import { Drafts, Frame } from "./frame.ts";

/** How a program will be called. */
export interface CompileOptions {
  /** donated[i]: the buffer of input i may be overwritten; an output found there is that input updated in place. */
  readonly donated?: readonly boolean[];
}

/**
 * Compiles a program: merges equal equations, fuses, orders, plans memory.
 *
 * An output whose buffer has place "input" is the donated input updated in place; all others have place "output".
 */
export function compile(program: Program, options: CompileOptions = {}): Plan {
  const flat = expandCalls(program);
  const drafts = new Drafts();
  const frame = new Frame();
  const inputs = program.inputs.map(({ type }, input) =>
    drafts.add(type.dtype, sizeOf(type.shape), { kind: "input", input }),
  );
  const targets = program.outputs.map(({ type }, output) =>
    drafts.add(type.dtype, sizeOf(type.shape), { kind: "output", output }),
  );
  const donated = program.inputs.map((_, i) => options.donated?.[i] ?? false);
  const { commands, outputs } = buildProgram(drafts, frame, flat, { inputs, donated, targets });
  const arenaBytes = frame.layOut();
  frame.place(0);
  return { buffers: drafts.finish(), arenaBytes, commands, outputs, checks: drafts.checks };
}
