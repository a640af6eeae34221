import type { FunctionReference, ModuleBuilder, Operand, Signature } from "./encoder.ts";
import { integers } from "./encoder-integers.ts";

/**
 * A group of axes in memory: for each axis, outermost first, its extent and its stride in each *place*.
 * Places are the byte offset of a load and the coordinates of its guards: 1 + guards words.
 */
export function axisBytes(guards: number): number {
  return 4 * (2 + guards);
}

/** (out, axes, rank, start places, from, count, scratch for rank words) → number of entries written. */
export const runsSignature: Signature = { parameters: new Array(7).fill("i32"), results: ["i32"] };

/**
 * Walks the flattened points [from, from + count), count > 0, of a group of axes and writes the places of
 * each point (`elements`), or of the first point of each run along the innermost axis behind the run's length (`runs`).
 */
export function defineRuns(
  module: ModuleBuilder,
  name: string,
  guards: number,
  write: "elements" | "runs",
): FunctionReference {
  return module.define(name, runsSignature, (f) => {
    const { add, subtract, multiply, divide, remainder, equal, isZero, minimum, load, store } = integers(f);
    const [out, axes, rank, start, from, count, indices] = f.parameters;
    const places = f.manyLocals("i32", 1 + guards);
    const strides = f.manyLocals("i32", 1 + guards);
    const [axis, slot, index, length, entries] = f.manyLocals("i32", 5);
    const [innerExtent, innerAxis, innerSlot, innerIndex] = f.manyLocals("i32", 4);
    const size = axisBytes(guards);
    // place += factor · stride of `axis`, in every place
    const advance = (factor: Operand): void => {
      places.forEach((place, k) => {
        f.increment(place, multiply(factor, load(axis, 4 + 4 * k)));
      });
    };
    const outwards = (): void => {
      f.increment(axis, -size);
      f.increment(slot, -4);
    };

    places.forEach((place, k) => {
      f.set(place, load(start, 4 * k));
    });
    f.set(innerAxis, add(axes, multiply(subtract(rank, 1), size)));
    f.set(innerSlot, add(indices, multiply(subtract(rank, 1), 4)));
    f.set(innerExtent, load(innerAxis));
    f.set(innerIndex, remainder(from, innerExtent));
    strides.forEach((stride, k) => {
      f.set(stride, load(innerAxis, 4 + 4 * k));
    });
    // The indices are the digits of `from` in the radices of the extents.
    f.set(axis, innerAxis);
    f.set(slot, innerSlot);
    f.block((end) => {
      f.loop((again) => {
        f.set(index, remainder(from, load(axis)));
        store(slot, 0, index);
        advance(index);
        f.set(from, divide(from, load(axis)));
        f.push(equal(axis, axes));
        f.branchIf(end);
        outwards();
        f.branch(again);
      });
    });

    f.block((end) => {
      f.loop((again) => {
        f.set(length, subtract(innerExtent, innerIndex));
        f.set(length, minimum(length, count));
        f.set(count, subtract(count, length));
        if (write === "runs") {
          store(out, 0, length);
          places.forEach((place, k) => {
            store(out, 4 + 4 * k, place);
          });
          f.increment(out, 4 + 4 * places.length);
          f.increment(entries, 1);
        } else {
          f.increment(entries, length);
          f.increment(innerIndex, length);
          f.loop((next) => {
            places.forEach((place, k) => {
              store(out, 4 * k, place);
              f.increment(place, strides[k]);
            });
            f.increment(out, 4 * places.length);
            f.push(subtract(length, 1));
            f.tee(length);
            f.branchIf(next);
          });
        }
        f.push(isZero(count));
        f.branchIf(end);
        // Back to the start of the innermost axis, then one step along the outer axes: while points remain, one of them does not overflow.
        places.forEach((place, k) => {
          f.set(place, subtract(place, multiply(innerIndex, strides[k])));
        });
        f.set(innerIndex, 0);
        f.set(axis, innerAxis);
        f.set(slot, innerSlot);
        f.loop((carry) => {
          outwards();
          advance(1);
          f.set(index, add(load(slot), 1));
          store(slot, 0, index);
          f.push(equal(index, load(axis)));
          f.if(() => {
            advance(subtract(0, index));
            store(slot, 0, 0);
            f.branch(carry);
          });
        });
        f.branch(again);
      });
    });
    f.get(entries);
  });
}
