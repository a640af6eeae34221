import { checkOptions, NeuriteError } from "../../base/error.ts";
import { normalizeAxis } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import { transpose } from "../ops/structure.ts";
import type { Tensor } from "../program/tensor.ts";
import { inline } from "../program/trace.ts";
import { batchProgram } from "./batch.ts";
import { type AnyFunction, flattenTensors, recordFunction, restoreOutput } from "./record.ts";
import type { AnyTensors } from "./types.ts";

/** Options of `vmap`. */
export interface VmapOptions {
  /**
   * The batch axis of the tensors of each argument; `null` for arguments that are the same for every example and reach
   * the function as they are. One entry serves all arguments; default 0.
   */
  readonly inAxes?: number | null | readonly (number | null)[];
  /** Where the batch axis goes in the results; a list has one entry per item of a function that returns a list; default 0. */
  readonly outAxes?: number | readonly number[];
}

/**
 * Maps a function over a batch axis of its arguments without a loop: the function sees one example.
 *
 * Throws when batch extents differ, and when a value is read inside.
 *
 * @example
 * ```ts
 * const norms = vmap((x: Tensor) => sum(mul(x, x)))(tensor([[1, 2], [3, 4]])); // [5, 25]
 * ```
 */
export function vmap<A extends unknown[], R>(
  f: (...args: A) => R,
  options?: VmapOptions,
): (...args: AnyTensors<A>) => AnyTensors<R>;
export function vmap(f: AnyFunction, options: VmapOptions = {}): AnyFunction {
  checkOptions("vmap", options, ["inAxes", "outAxes"]);
  const { inAxes = 0, outAxes = 0 } = options;
  return (...args) => {
    const axes = axesOfArguments(inAxes, args.length);
    const positions = axes.flatMap((axis, i) => (axis === null ? [] : [i]));
    const types: TensorType[] = [];
    const inputs: Tensor[] = [];
    let size: number | undefined;
    for (const position of positions) {
      const { tensors, paths } = flattenTensors(args[position], "vmap");
      for (const [i, tensor] of tensors.entries()) {
        const place = `argument ${position}${paths[i] === "" ? "" : `.${paths[i]}`}`;
        const axis = normalizeAxis(`vmap: ${place}`, axes[position] ?? 0, tensor.shape.length);
        size ??= tensor.shape[axis];
        if (tensor.shape[axis] !== size) {
          throw new NeuriteError({
            operation: "vmap",
            got: `${formatType(tensor)} as ${place}, batch axis ${axis}`,
            expected: `a batch of ${size}, as the arguments before`,
          });
        }
        types.push({ dtype: tensor.dtype, shape: tensor.shape.filter((_, k) => k !== axis) });
        inputs.push(moveAxis(tensor, axis, 0));
      }
    }
    if (size === undefined) {
      throw new NeuriteError({
        operation: "vmap",
        got: "no tensor with a batch axis",
        expected: "at least one argument whose inAxes is a number",
      });
    }
    const recorded = recordFunction("vmap", f, args, { positions, types });
    const batched = recorded.inputs.map((_, i) => i < inputs.length);
    const force = recorded.program.outputs.map(() => true);
    const { program } = batchProgram(recorded.program, batched, size, force);
    const outputs = inline(program, [...inputs, ...recorded.inputs.slice(inputs.length)]);
    const targets = axesOfOutputs(outAxes, recorded.outputPaths);
    const moved = outputs.map((output, i) =>
      moveAxis(output, 0, normalizeAxis("vmap: outAxes", targets[i], output.shape.length)),
    );
    return restoreOutput(recorded, moved);
  };
}

function axesOfArguments(
  inAxes: number | null | readonly (number | null)[],
  count: number,
): readonly (number | null)[] {
  if (typeof inAxes === "number" || inAxes === null) return new Array<number | null>(count).fill(inAxes);
  if (inAxes.length === count) return inAxes;
  throw new NeuriteError({
    operation: "vmap: inAxes",
    got: `${inAxes.length} axes for ${count} arguments`,
    expected: "one per argument, null where there is no batch axis",
  });
}

/** The axis of each output: a list of axes belongs to the items of a list, whose number begins each path. */
function axesOfOutputs(outAxes: number | readonly number[], paths: readonly string[]): number[] {
  return paths.map((path) => {
    const axis = typeof outAxes === "number" ? outAxes : outAxes[Number(path.split(".")[0] || Number.NaN)];
    if (axis !== undefined) return axis;
    throw new NeuriteError({
      operation: "vmap: outAxes",
      got: `no axis for the result${path === "" ? "" : ` '${path}'`}`,
      expected: "one number, or a list with an axis per item of a function that returns a list",
    });
  });
}

/** The tensor with one axis at another place, the others in their order. */
export function moveAxis(x: Tensor, from: number, to: number): Tensor {
  if (from === to) return x;
  const order = x.shape.map((_, axis) => axis).filter((axis) => axis !== from);
  order.splice(to, 0, from);
  return transpose(x, order);
}
