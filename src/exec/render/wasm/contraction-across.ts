import { loadChecked, narrow, readFrame, repeat, vectorAddress } from "./contraction-pack.ts";
import {
  addressSignature,
  type FunctionBuilder,
  type FunctionReference,
  type Local,
  type ModuleBuilder,
  type Operand,
} from "./encoder.ts";
import { integers } from "./encoder-integers.ts";

/** Packs an operand whose runs lie along depth: contiguous vectors are transposed. */
export function defineAcross(
  module: ModuleBuilder,
  name: string,
  guards: number,
  bytes: 4 | 8,
): FunctionReference {
  return module.define(name, addressSignature, (f) => {
    const { add, subtract, multiply, equal, minimum, maximum, greaterOrEqual, load } = integers(f);
    const lanes = 16 / bytes;
    const frame = readFrame(f, guards);
    const [first, run, runs, length, element, out, i, to] = f.manyLocals("i32", 8);
    const [low, high] = f.manyLocals("i32", 2);
    const lane = Array.from({ length: lanes }, () => ({
      places: f.manyLocals("i32", 1 + guards),
      address: f.local("i32"),
      step: f.local("i32"),
      low: guards === 0 ? low : f.local("i32"),
      high: guards === 0 ? high : f.local("i32"),
    }));
    const target = (point: Operand): Operand => add(out, multiply(point, frame.depthBytes));
    const copyChecked = (from: Operand, until: Operand): void => {
      f.set(to, until);
      f.forRange(i, { from, to }, () => {
        lane.forEach((l, k) => {
          f.push(target(i));
          loadChecked(f, frame, bytes, i, l.low, l.high, add(l.address, multiply(i, l.step)));
          f.memory(bytes === 4 ? "f32.store" : "f64.store", bytes * k);
        });
      });
    };
    f.forRange(first, { from: 0, to: frame.elementCount, step: lanes }, () => {
      lane.forEach(({ places }, k) => {
        f.set(element, subtract(frame.elementCount, 1));
        f.set(element, minimum(element, add(first, k)));
        f.set(element, add(frame.elements, multiply(element, 4 + 4 * guards)));
        places.forEach((place, p) => {
          f.set(place, load(element, 4 * p));
        });
        f.increment(places[0], frame.source);
      });
      f.set(out, vectorAddress(f, frame, frame.out, first, lanes));
      f.set(run, frame.runs);
      f.set(runs, frame.runCount);
      f.loop((nextRun) => {
        f.set(length, load(run));
        f.set(low, 0);
        f.set(high, length);
        lane.forEach((l) => {
          f.set(l.address, add(l.places[0], load(run, 4)));
          f.set(l.step, frame.stride);
          if (guards === 0) return;
          f.set(l.low, 0);
          f.set(l.high, length);
          for (let g = 0; g < guards; g++)
            narrow(f, frame, g, add(l.places[1 + g], load(run, 8 + 4 * g)), l.low, l.high);
          // A lane that is outside everywhere reads fills instead, so that the others need no checks.
          f.push(greaterOrEqual(l.low, l.high));
          f.if(() => {
            f.set(l.low, 0);
            f.set(l.high, length);
            f.set(l.address, frame.fillArea);
            f.push(equal(frame.stride, bytes));
            f.emit("i32.eqz");
            f.if(() => f.set(l.step, 0));
          });
          f.set(low, maximum(low, l.low));
          f.set(high, minimum(high, l.high));
        });
        if (guards > 0) {
          f.set(high, maximum(high, low));
          copyChecked(0, low);
        }
        f.set(i, low);
        f.push(equal(frame.stride, bytes));
        f.if(() => {
          f.set(to, subtract(high, lanes - 1));
          f.forRange(i, { to, step: lanes }, () => {
            const rows = lane.map((l) => () => {
              f.push(add(l.address, multiply(i, bytes)));
              f.memory("v128.load");
            });
            transpose(f, rows, target(i), frame.depthBytes);
          });
        });
        f.forRange(i, { to: high }, () => {
          f.push(target(i));
          lane.forEach((l, k) => {
            f.push(add(l.address, multiply(i, l.step)));
            gatherLane(f, bytes, k);
          });
          f.memory("v128.store");
        });
        if (guards > 0) copyChecked(high, length);
        f.increment(out, multiply(length, frame.depthBytes));
        f.increment(run, 8 + 4 * guards);
        repeat(f, runs, nextRun);
      });
    });
  });
}

// The lane k of the vector on the stack becomes the element at the address on the stack; lane 0 starts the vector.
function gatherLane(f: FunctionBuilder, bytes: 4 | 8, k: number): void {
  if (k === 0) {
    f.memory(bytes === 4 ? "v128.load32_zero" : "v128.load64_zero");
    return;
  }
  f.memory(bytes === 4 ? "f32.load" : "f64.load");
  f.lane(bytes === 4 ? "f32x4.replace_lane" : "f64x2.replace_lane", k);
}

// Stores the columns of a square of vectors, `step` bytes apart.
function transpose(f: FunctionBuilder, rows: readonly (() => void)[], target: Operand, step: Local): void {
  const { add } = integers(f);
  const columns = rows.map((row) => {
    const local = f.local("v128");
    row();
    f.set(local);
    return local;
  });
  const address = f.local("i32");
  f.set(address, target);
  const mix = (x: Local, y: Local, words: readonly number[]): Local => {
    const mixed = f.local("v128");
    f.get(x);
    f.get(y);
    f.shuffleWords(words);
    f.set(mixed);
    return mixed;
  };
  const [low, high] = [
    [0, 1, 4, 5],
    [2, 3, 6, 7],
  ];
  let result: Local[];
  if (columns.length === 2) {
    result = [mix(columns[0], columns[1], low), mix(columns[0], columns[1], high)];
  } else {
    const [a, b, c, d] = columns;
    const [ab, cd] = [mix(a, b, [0, 4, 1, 5]), mix(c, d, [0, 4, 1, 5])];
    const [ab2, cd2] = [mix(a, b, [2, 6, 3, 7]), mix(c, d, [2, 6, 3, 7])];
    result = [mix(ab, cd, low), mix(ab, cd, high), mix(ab2, cd2, low), mix(ab2, cd2, high)];
  }
  result.forEach((vector, k) => {
    if (k > 0) f.set(address, add(address, step));
    f.get(address);
    f.get(vector);
    f.memory("v128.store");
  });
}
