import { describe, test } from "vitest";
import { sizeOf } from "../../../base/shape.ts";
import { axisCoordinate, type Guard, plus, times } from "../../../lang/kernel/coordinate.ts";
import type { Load } from "../../../lang/kernel/expression.ts";
import type { Contraction } from "../../../lang/kernel/kernel.ts";
import * as s from "../../../lang/kernel/scalar.ts";
import { check, random, store } from "./contraction.fixture.ts";

describe("random contractions", () => {
  const pick = (n: number): number => Math.floor((random() + 0.5) * n * 0.999999);
  const extents = (rank: number): number[] =>
    Array.from({ length: rank }, () => (pick(5) === 0 ? 9 + pick(20) : 1 + pick(6)));

  /** An operand over some axes: permuted strides, and guards that shift it out of its buffer on either side. */
  function operand(
    dtype: Contraction["dtype"],
    buffer: number,
    mentioned: readonly number[],
    all: readonly number[],
  ): { load: Load; length: number } {
    const order = mentioned.filter(() => pick(8) > 0);
    if (pick(2) === 0) order.sort(() => random());
    const coefficients = new Array<number>(all.length).fill(0);
    const guards: Guard[] = [];
    let stride = 1;
    let offset = 0;
    for (const axis of order.toReversed()) {
      const mirrored = pick(6) === 0;
      const step = pick(8) === 0 ? 2 : 1;
      const coefficient = mirrored ? -step : step;
      const extent = step * (all[axis] - 1) + 1;
      const start = mirrored ? extent - 1 : 0;
      const shift = pick(4) === 0 ? pick(5) - 2 : 0;
      if (shift !== 0)
        guards.push({ coordinate: plus(times(axisCoordinate(axis), coefficient), start + shift), extent });
      coefficients[axis] = coefficient * stride;
      offset += (start + shift) * stride;
      stride *= extent;
    }
    const index = { offset, coefficients, dynamic: [] };
    const fill = guards.length > 0 && pick(3) === 0 ? 2 : 0;
    return { load: { kind: "load", dtype, buffer, index, guards, fill }, length: stride };
  }

  test.each(["f32", "f64", "i32"] as const)("of %s", (dtype) => {
    for (let round = 0; round < 120; round++) {
      const [batch, rows, columns, depth] = [pick(2), pick(4), pick(3), pick(4)].map(extents);
      const all = [...batch, ...rows, ...columns, ...depth];
      if (sizeOf(all) > 200_000) continue;
      const numbers = all.map((_, axis) => axis);
      const isRow = (axis: number): boolean => axis >= batch.length && axis < batch.length + rows.length;
      const space = batch.length + rows.length + columns.length;
      const isColumn = (axis: number): boolean => axis >= batch.length + rows.length && axis < space;
      const left = operand(
        dtype,
        0,
        numbers.filter((axis) => !isColumn(axis)),
        all,
      );
      const right = operand(
        dtype,
        1,
        numbers.filter((axis) => !isRow(axis)),
        all,
      );
      const outAxes = numbers.slice(0, space);
      const order = pick(3) === 0 ? [...outAxes].sort(() => random()) : outAxes;
      const coefficients = new Array<number>(space).fill(0);
      let size = 1;
      for (const axis of order.toReversed()) {
        coefficients[axis] = size;
        size *= all[axis];
      }
      const index = { offset: 0, coefficients, dynamic: [] };
      const mode = pick(3) === 0 ? "add" : "set";
      const contraction: Contraction = {
        kind: "contraction",
        name: `random ${round}: ${[batch, rows, columns, depth].join(" | ")}`,
        batch,
        rows,
        columns,
        depth,
        dtype,
        buffers: [
          { dtype, access: "read" },
          { dtype, access: "read" },
          { dtype, access: "update" },
        ],
        left: left.load,
        right: right.load,
        epilogue: [{ ...store(2, index, s.add(s.result(dtype, 0), 1)), mode }],
      };
      check(contraction, [left.length, right.length, size]);
    }
  });
});
