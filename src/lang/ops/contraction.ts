import { dtypeFacts } from "../../base/dtype.ts";
import { NeuriteError } from "../../base/error.ts";
import { sizeOf } from "../../base/shape.ts";
import { formatType, type TensorType } from "../../base/type.ts";
import type { Coordinate } from "../kernel/coordinate.ts";
import type { Primitive } from "../program/primitive.ts";
import type { Tensor } from "../program/tensor.ts";
import { bind } from "../program/trace.ts";
import { axisOffsets, otherAxes, range } from "./offsets.ts";
import { tensorOf } from "./operand.ts";
import { addTangents } from "./rules.ts";
import { sum, transpose } from "./structure.ts";

/** Which axes of the two operands are summed over and which run along together, pairwise. */
export type DotGeneralParameters = {
  readonly contract: readonly [readonly number[], readonly number[]];
  readonly batch: readonly [readonly number[], readonly number[]];
};

interface AxisGroups {
  readonly contract: readonly number[];
  readonly batch: readonly number[];
  readonly free: readonly number[];
}

function groupsOf(type: TensorType, side: 0 | 1, { contract, batch }: DotGeneralParameters): AxisGroups {
  const free = otherAxes(type.shape.length, [...contract[side], ...batch[side]]);
  return { contract: contract[side], batch: batch[side], free };
}

const operation = "dotGeneral";

/** out[batch, x free, y free] = Σ_contract x · y */
export const dotGeneralPrimitive: Primitive<DotGeneralParameters> = {
  name: operation,

  infer([x, y], parameters) {
    if (x.dtype !== y.dtype || x.dtype === "bool" || x.dtype === "u8") {
      throw new NeuriteError({
        operation,
        got: `${formatType(x)} and ${formatType(y)}`,
        expected: "operands of one dtype: f32, f64, i32 or u32",
        hint: "cast one of them",
      });
    }
    for (const [left, right] of [parameters.contract, parameters.batch]) {
      const fits =
        left.length === right.length && left.every((axis, i) => x.shape[axis] === y.shape[right[i]]);
      if (!fits) {
        throw new NeuriteError({
          operation,
          got: `axes [${left}] of ${formatType(x)} against axes [${right}] of ${formatType(y)}`,
          expected: "pairs of axes of equal extents",
        });
      }
    }
    const left = groupsOf(x, 0, parameters);
    const right = groupsOf(y, 1, parameters);
    const shape = [
      ...[...left.batch, ...left.free].map((axis) => x.shape[axis]),
      ...right.free.map((axis) => y.shape[axis]),
    ];
    return [{ dtype: x.dtype, shape }];
  },

  // ȯ = ẋ · y + x · ẏ
  derivative({ inputs: [x, y], tangents: [dx, dy], parameters }) {
    const { contract, batch } = parameters;
    return [
      addTangents(
        dx && dotGeneral(dx, tensorOf(y), { contract, batch }),
        dy && dotGeneral(tensorOf(x), dy, { contract, batch }),
      ),
    ];
  },

  transpose({ cotangents: [ct], inputs: [x, y], types, parameters }) {
    if (ct === undefined) return [undefined, undefined];
    return [
      x === undefined && y !== undefined ? pullBack(ct, tensorOf(y), 0, types, parameters) : undefined,
      y === undefined && x !== undefined ? pullBack(ct, tensorOf(x), 1, types, parameters) : undefined,
    ];
  },

  batch({ inputs: [x, y], batched: [xBatched, yBatched], parameters }) {
    const shift = (axes: readonly number[], by: boolean): number[] => axes.map((axis) => axis + (by ? 1 : 0));
    const contract = [
      shift(parameters.contract[0], xBatched),
      shift(parameters.contract[1], yBatched),
    ] as const;
    const left = shift(parameters.batch[0], xBatched);
    const right = shift(parameters.batch[1], yBatched);
    if (xBatched && yBatched) {
      const batch = [
        [0, ...left],
        [0, ...right],
      ] as const;
      return [dotGeneral(tensorOf(x), tensorOf(y), { contract, batch })];
    }
    // The new axis is a free one: it stands first among the free axes of its operand.
    const output = dotGeneral(tensorOf(x), tensorOf(y), { contract, batch: [left, right] });
    const position = xBatched ? left.length : left.length + freeCount(tensorOf(x), contract[0], left);
    const rest = otherAxes(output.shape.length, [position]);
    return [transpose(output, [position, ...rest])];
  },

  // Σ_t x_t · y_t: the batch becomes part of the depth; where one operand has none, x · Σ_t y_t.
  batchTotal({ inputs: [x, y], batched, parameters }) {
    const both = batched[0] && batched[1];
    const shift = (axes: readonly number[]): number[] => axes.map((axis) => axis + (both ? 1 : 0));
    const depth = (axes: readonly number[]): number[] => (both ? [0, ...shift(axes)] : [...axes]);
    const [left, right] = [tensorOf(x), tensorOf(y)].map((operand, side) =>
      batched[side] && !both ? sum(operand, { axis: 0 }) : operand,
    );
    return [
      dotGeneral(left, right, {
        contract: [depth(parameters.contract[0]), depth(parameters.contract[1])],
        batch: [shift(parameters.batch[0]), shift(parameters.batch[1])],
      }),
    ];
  },

  // Sums in f64 (integers modulo 2³²), rounded once.
  reference({ inputs: [x, y], outputs: [output], parameters }) {
    const data = dtypeFacts[output.dtype].create(sizeOf(output.shape));
    const left = groupsOf(x, 0, parameters);
    const right = groupsOf(y, 1, parameters);
    const [xBatch, xFree, xDepth] = [left.batch, left.free, left.contract].map((g) =>
      axisOffsets(x.shape, g),
    );
    const [yBatch, yFree, yDepth] = [right.batch, right.free, right.contract].map((g) =>
      axisOffsets(y.shape, g),
    );
    const integer = dtypeFacts[output.dtype].kind === "integer";
    let next = 0;
    for (let b = 0; b < xBatch.length; b++) {
      for (const i of xFree) {
        for (const j of yFree) {
          let sum = 0;
          for (let k = 0; k < xDepth.length; k++) {
            const a = x.data[xBatch[b] + i + xDepth[k]];
            const c = y.data[yBatch[b] + j + yDepth[k]];
            sum = integer ? (sum + Math.imul(a, c)) | 0 : sum + a * c;
          }
          data[next++] = sum;
        }
      }
    }
    return [data];
  },

  lowering: {
    kind: "contraction",
    form({ inputs: [x, y], parameters }) {
      const left = groupsOf(x, 0, parameters);
      const right = groupsOf(y, 1, parameters);
      const extents = (type: TensorType, axes: readonly number[]): number[] =>
        axes.map((axis) => type.shape[axis]);
      return {
        batch: extents(x, left.batch),
        rows: extents(x, left.free),
        columns: extents(y, right.free),
        depth: extents(x, left.contract),
        left: (read, batch, rows, depth) =>
          read(0, place([left.batch, left.free, left.contract], [batch, rows, depth])),
        right: (read, batch, depth, columns) =>
          read(1, place([right.batch, right.contract, right.free], [batch, depth, columns])),
        output: (batch, rows, columns) => [...batch, ...rows, ...columns],
      };
    },
  },

  samples: [
    {
      inputs: [
        { dtype: "f32", shape: [3, 4] },
        { dtype: "f32", shape: [4, 2] },
      ],
      parameters: { contract: [[1], [0]], batch: [[], []] },
    },
    {
      inputs: [
        { dtype: "f64", shape: [4, 2, 3] },
        { dtype: "f64", shape: [5, 3, 2, 4] },
      ],
      parameters: { contract: [[0], [3]], batch: [[1], [2]] },
    },
    {
      inputs: [
        { dtype: "f32", shape: [2, 3, 2] },
        { dtype: "f32", shape: [3, 2, 2] },
      ],
      parameters: {
        contract: [
          [1, 0],
          [0, 2],
        ],
        batch: [[], []],
      },
    },
    {
      inputs: [
        { dtype: "i32", shape: [2, 3] },
        { dtype: "i32", shape: [2, 3] },
      ],
      parameters: { contract: [[1], [1]], batch: [[0], [0]] },
    },
    {
      inputs: [
        { dtype: "f32", shape: [3] },
        { dtype: "f32", shape: [2] },
      ],
      parameters: { contract: [[], []], batch: [[], []] },
    },
  ],
};

// Coordinates of one operand from those of its axis groups.
function place(
  groups: readonly (readonly number[])[],
  coordinates: readonly (readonly Coordinate[])[],
): Coordinate[] {
  const at: Coordinate[] = [];
  for (const [g, axes] of groups.entries()) {
    for (const [i, axis] of axes.entries()) at[axis] = coordinates[g][i];
  }
  return at;
}

function freeCount(x: Tensor, contract: readonly number[], batch: readonly number[]): number {
  return x.shape.length - contract.length - batch.length;
}

// The cotangent of operand `side`: the output's cotangent contracted with the other operand over the other's free axes.
function pullBack(
  cotangent: Tensor,
  other: Tensor,
  side: 0 | 1,
  types: readonly TensorType[],
  parameters: DotGeneralParameters,
): Tensor {
  const wanted = groupsOf(types[side], side, parameters);
  const known = groupsOf(other, side === 0 ? 1 : 0, parameters);
  const batch = range(0, wanted.batch.length);
  const before = batch.length + (side === 0 ? wanted.free.length : 0);
  const free = range(before, before + known.free.length);
  // What stays of the other operand are its contracted axes, in ascending order.
  const ascending = range(0, known.contract.length).sort((a, b) => known.contract[a] - known.contract[b]);
  const contracted = ascending.map((i) => wanted.contract[i]);
  const behind = [...wanted.batch, ...wanted.free, ...contracted];
  const inFront = [...wanted.batch, ...contracted, ...wanted.free];
  // The operand whose axes come first in the result is the one that spares a transposition.
  const otherFirst = inFront.every((axis, i) => axis === i);
  const axes = otherFirst ? inFront : behind;
  const result = otherFirst
    ? dotGeneral(other, cotangent, { contract: [known.free, free], batch: [known.batch, batch] })
    : dotGeneral(cotangent, other, { contract: [free, known.free], batch: [batch, known.batch] });
  return transpose(
    result,
    range(0, axes.length).map((axis) => axes.indexOf(axis)),
  );
}

/**
 * The general product of two tensors: sums over `contract` axes, runs along `batch` axes, keeps all others.
 * Output axes: batch, then the free axes of x, then those of y. Throws for unequal extents or dtypes.
 *
 * @example
 * ```ts
 * const x = tensor([[1, 2], [3, 4]]);
 * dotGeneral(x, x, { contract: [[1], [0]], batch: [[], []] }); // [[7, 10], [15, 22]]
 * ```
 */
export function dotGeneral(x: Tensor, y: Tensor, parameters: DotGeneralParameters): Tensor {
  const [output] = bind(dotGeneralPrimitive, [x, y], parameters);
  return output;
}
