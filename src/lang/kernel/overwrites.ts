import type { Command, Plan } from "./kernel.ts";

/**
 * The position of the first command of a plan that writes into an input, which was donated; the number of commands if none
 * does. A run whose check has failed before ends there, so that the inputs are as they were.
 */
export function firstOverwrite(plan: Plan): number {
  const first = plan.commands.findIndex((command) => overwritesInput(plan, command));
  return first < 0 ? plan.commands.length : first;
}

/** Whether a check may fail when an input was overwritten already. */
export function checksAfterOverwrite(plan: Plan): boolean {
  return plan.commands.slice(firstOverwrite(plan)).some(hasCheck);
}

function overwritesInput(plan: Plan, command: Command): boolean {
  const { buffers } = plan;
  const isInput = (buffer: number): boolean => {
    const { place } = buffers[buffer];
    return place.kind === "view" ? isInput(place.of) : place.kind === "input";
  };
  switch (command.kind) {
    case "kernel":
      return command.kernel.buffers.some(({ access }, k) => access !== "read" && isInput(command.buffers[k]));
    case "copy":
      return isInput(command.to);
    default:
      return listsOf(command).some((list) => list.some((inner) => overwritesInput(plan, inner)));
  }
}

function hasCheck(command: Command): boolean {
  if (command.kind !== "kernel") return listsOf(command).some((list) => list.some(hasCheck));
  const { kernel } = command;
  switch (kernel.kind) {
    case "loops":
      return kernel.statements.some(({ kind }) => kind === "check");
    case "contraction":
      return kernel.epilogue.some(({ kind }) => kind === "check");
    case "routine":
      return false;
  }
}

/** The command lists inside a command. */
export function listsOf(command: Command): readonly (readonly Command[])[] {
  switch (command.kind) {
    case "branch":
      return command.branches;
    case "while":
      return [command.condition, command.body];
    case "repeat":
      return [command.body];
    case "kernel":
    case "copy":
      return [];
  }
}
