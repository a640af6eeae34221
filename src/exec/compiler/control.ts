import type { Command } from "../../lang/kernel/kernel.ts";
import type { Equation } from "../../lang/program/program.ts";
import type { Drafts, Frame } from "./frame.ts";

export function buildControl(
  _drafts: Drafts,
  _frame: Frame,
  equation: Equation,
  _inputs: readonly number[],
  _outputs: readonly number[],
): Command[] {
  throw new Error(`control flow is not compiled yet: ${equation.primitive.name}`);
}
