import { jit, type Tensor } from "../../src/index.ts";
import type { Work } from "../clock.ts";
import type { MixName } from "../probe.ts";

/** Passes over arrays of so many elements each. */
export interface Passes {
  readonly mix: MixName;
  readonly elements: number;
  readonly passes: number;
}

/** An operation that is measured alone. */
export interface Operation {
  /** What `--only` chooses it by. */
  readonly group: string;
  readonly name: string;
  /** What bounds it: so many floating-point operations, or passes over arrays of so many elements. */
  readonly bound: { readonly operations: number } | Passes;
  /** The same for bench/peers/pytorch_operations.py. */
  readonly peer: readonly (string | number | boolean)[];
  /** Makes the operands and the work on the device in use. */
  prepare(): Work;
}

/** A compiled function whose result takes the place of the last one, as `out=` does elsewhere. */
export function intoRoom(f: (...operands: Tensor[]) => Tensor, ...operands: Tensor[]): Work {
  const run = jit((_room: Tensor, ...inputs: Tensor[]) => f(...inputs), { donate: 0 });
  let room = f(...operands);
  return (count) => {
    for (let k = 0; k < count; k++) room = run(room, ...operands);
  };
}
