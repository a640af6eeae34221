import type { Command, Kernel, Place, Plan } from "../../src/lang/kernel/kernel.ts";
import { printKernel } from "../../src/lang/kernel/print.ts";

/** A compiled program as text: its buffers, then its commands with their kernels. */
export function printPlan(plan: Plan): string {
  const buffers = plan.buffers.map(
    ({ dtype, length, place }, i) => `#${i}: ${dtype} × ${length}, ${printPlace(place)}`,
  );
  return [
    ...buffers,
    `arena of ${plan.arenaBytes} bytes`,
    ...plan.commands.map((command) => printCommand(command)),
    `return ${plan.outputs.map((buffer) => `#${buffer}`).join(", ")}`,
  ].join("\n");
}

function printPlace(place: Place): string {
  switch (place.kind) {
    case "input":
      return `input ${place.input}`;
    case "output":
      return `output ${place.output}`;
    case "arena":
      return `arena + ${place.byteOffset}`;
    case "view":
      return `#${place.of} + ${place.byteOffset}`;
    case "constant":
      return `constant [${place.data.join(", ")}]`;
  }
}

function printCommand(command: Command): string {
  switch (command.kind) {
    case "kernel": {
      const scope = command.scope === "" ? "" : `  # ${command.scope}`;
      const buffers = command.buffers.map((buffer) => `#${buffer}`).join(", ");
      return `run (${buffers})${scope}\n${indent(printKernel(command.kernel))}`;
    }
    case "copy":
      return `copy #${command.from} to #${command.to}`;
    case "branch":
      return command.branches
        .map((body, k) => `branch ${k} of #${command.selector}\n${printBody(body)}`)
        .join("\n");
    case "while":
      return `while #${command.predicate} after\n${printBody(command.condition)}\ndo\n${printBody(command.body)}`;
    case "repeat": {
      const steps = command.steps.map(({ buffer, strideBytes }) => `#${buffer} + ${strideBytes} t`);
      return `repeat ${command.count} times with ${steps.join(", ")}\n${printBody(command.body)}`;
    }
  }
}

function printBody(commands: readonly Command[]): string {
  return commands.map((command) => indent(printCommand(command))).join("\n");
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, "  ");
}

type CompiledKernel = Exclude<Kernel, { kind: "routine" }>;

/** Every kernel of a plan that becomes machine code. */
export function compiledKernels(commands: readonly Command[]): CompiledKernel[] {
  return commands.flatMap(kernelsOf);
}

function kernelsOf(command: Command): CompiledKernel[] {
  switch (command.kind) {
    case "kernel":
      return command.kernel.kind === "routine" ? [] : [command.kernel];
    case "copy":
      return [];
    case "branch":
      return command.branches.flatMap(compiledKernels);
    case "while":
      return compiledKernels([...command.condition, ...command.body]);
    case "repeat":
      return compiledKernels(command.body);
  }
}
