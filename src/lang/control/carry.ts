import type { DType } from "../../base/dtype.ts";
import { formatStructure } from "../../base/tree.ts";
import type { TensorType } from "../../base/type.ts";
import type { Tensor } from "../program/tensor.ts";
import { trace } from "../program/trace.ts";
import type { Leaves } from "../transforms/record.ts";

/** What a body returns for a carry of type T: numbers may stand for tensors. */
export type Returned<T> = T extends Tensor | number
  ? Tensor | number
  : T extends object
    ? { [K in keyof T]: Returned<T[K]> }
    : T;

/** One step of a loop, on the leaves of the carry and other tensors. */
export interface Loop {
  readonly name: string;
  readonly start: Leaves;
  readonly others: readonly TensorType[];
  readonly step: (tensors: readonly Tensor[]) => Leaves;
}

/** The types of a loop's carry; a JS number takes the dtype that one step gives it, f32 where that is a number too. */
export function chooseCarryTypes({ name, start, others, step }: Loop): TensorType[] {
  const types = start.tensors.map(({ dtype, shape }): TensorType => ({ dtype, shape }));
  if (!start.tensors.some((tensor) => tensor.weak)) return types;
  let found: readonly DType[] = [];
  const weak = [...start.tensors.map((tensor) => tensor.weak), ...others.map(() => false)];
  trace(
    (...tensors) => {
      const next = step(tensors);
      const fits = formatStructure(next.structure) === formatStructure(start.structure);
      found = fits ? next.tensors.map((leaf) => (leaf.weak ? "f32" : leaf.dtype)) : [];
      return next.tensors;
    },
    [...types, ...others],
    { name, weak },
  );
  return types.map((type, i) => (start.tensors[i].weak ? { ...type, dtype: found[i] ?? "f32" } : type));
}
