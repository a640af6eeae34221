import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder, Operand } from "./encoder.ts";
import { kernelSignature } from "./encoder.ts";
import { integers } from "./encoder-integers.ts";

/**
 * What a packing function is told, as words at the address it is given. It copies source[element + run + i · stride], for every
 * element and every point i of every run, and `fill` where a guard fails. One of the two is the operand's panel axis (rows or columns), cut into
 * panels of one or two vectors; the other is depth.
 */
export const packFrame = {
  source: 0,
  elements: 4,
  elementCount: 8,
  runs: 12,
  runCount: 16,
  /** Address of, for each guard, its extent and its step along a run. */
  guards: 20,
  stride: 24,
  out: 28,
  panelBytes: 32,
  vectorsPerPanel: 36,
  /** Address of as many fills as a run has points. */
  fillArea: 40,
  fill: 44,
  bytes: 56,
} as const;

/** Packs an operand whose runs lie along its panel axis: contiguous vectors are copied. */
export function defineAlong(
  module: ModuleBuilder,
  name: string,
  guards: number,
  bytes: 4 | 8,
): FunctionReference {
  return module.define(name, kernelSignature, (f) => {
    const { add, subtract, multiply, and, equal, less, load } = integers(f);
    const lanes = 16 / bytes;
    const frame = readFrame(f);
    const [element, elements, run, runs, position, length, i, to] = f.manyLocals("i32", 8);
    const [low, high, start, end, address, out, target, step] = f.manyLocals("i32", 8);
    const places = f.manyLocals("i32", 1 + guards);
    const copyChecked = (from: Operand, until: Operand): void => {
      f.set(to, until);
      f.forRange(i, { from, to }, () => {
        f.push(
          add(
            vectorAddress(f, frame, out, add(position, i), lanes),
            multiply(and(add(position, i), lanes - 1), bytes),
          ),
        );
        loadChecked(f, frame, bytes, i, low, high, add(address, multiply(i, bytes)));
        f.memory(bytes === 4 ? "f32.store" : "f64.store");
      });
    };
    f.set(elements, frame.elementCount);
    f.set(element, frame.elements);
    f.set(out, frame.out);
    f.loop((nextElement) => {
      places.forEach((place, k) => {
        f.set(place, load(element, 4 * k));
      });
      f.set(position, 0);
      f.set(run, frame.runs);
      f.set(runs, frame.runCount);
      f.loop((nextRun) => {
        f.set(length, load(run));
        f.set(address, add(frame.source, add(places[0], load(run, 4))));
        f.set(low, 0);
        f.set(high, length);
        for (let g = 0; g < guards; g++)
          narrow(f, frame, g, add(places[1 + g], load(run, 8 + 4 * g)), low, high);
        // The vectors that lie inside whole.
        f.set(start, subtract(and(add(add(position, low), lanes - 1), -lanes), position));
        f.set(end, subtract(and(add(position, high), -lanes), position));
        f.push(less(start, end));
        f.if(
          () => {
            copyChecked(0, start);
            f.set(target, vectorAddress(f, frame, out, add(position, start), lanes));
            f.set(step, frame.panelBytes);
            f.push(equal(frame.vectorsPerPanel, 2));
            f.if(() => {
              f.push(and(add(position, start), lanes));
              f.if(
                () => f.set(step, subtract(frame.panelBytes, 16)),
                () => f.set(step, 16),
              );
            });
            f.increment(address, multiply(start, bytes));
            f.set(i, start);
            f.loop((next) => {
              f.get(target);
              f.get(address);
              f.memory("v128.load");
              f.memory("v128.store");
              f.increment(address, 16);
              f.increment(target, step);
              // Steps alternate between 16 and panelBytes − 16 in panels of two vectors.
              f.set(step, subtract(frame.twoSteps, step));
              f.push(add(i, lanes));
              f.tee(i);
              f.push(end);
              f.emit("i32.lt_s");
              f.branchIf(next);
            });
            f.increment(address, multiply(end, -bytes));
            copyChecked(end, length);
          },
          () => copyChecked(0, length),
        );
        f.increment(position, length);
        f.increment(run, 8 + 4 * guards);
        repeat(f, runs, nextRun);
      });
      f.increment(out, frame.depthBytes);
      f.increment(element, 4 + 4 * guards);
      repeat(f, elements, nextElement);
    });
  });
}

/** Packs an operand whose runs lie along depth: contiguous vectors are transposed. */
export function defineAcross(
  module: ModuleBuilder,
  name: string,
  guards: number,
  bytes: 4 | 8,
): FunctionReference {
  return module.define(name, kernelSignature, (f) => {
    const { add, subtract, multiply, equal, minimum, maximum, greaterOrEqual, load } = integers(f);
    const lanes = 16 / bytes;
    const frame = readFrame(f);
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

interface Frame {
  readonly source: Local;
  readonly elements: Local;
  readonly elementCount: Local;
  readonly runs: Local;
  readonly runCount: Local;
  readonly stride: Local;
  readonly out: Local;
  readonly panelBytes: Local;
  readonly vectorsPerPanel: Local;
  readonly fillArea: Local;
  readonly address: Local;
  /** Bytes of one depth in a panel. */
  readonly depthBytes: Local;
  /** The sum of two steps from one vector of a depth to the next. */
  readonly twoSteps: Local;
}

function readFrame(f: FunctionBuilder): Frame {
  const { load, shiftLeft, divide, multiply } = integers(f);
  const [address] = f.parameters;
  const read = (offset: number): Local => {
    const local = f.local("i32");
    f.set(local, load(address, offset));
    return local;
  };
  const panelBytes = read(packFrame.panelBytes);
  const vectorsPerPanel = read(packFrame.vectorsPerPanel);
  const depthBytes = f.local("i32");
  f.set(depthBytes, shiftLeft(vectorsPerPanel, 4));
  const twoSteps = f.local("i32");
  f.set(twoSteps, divide(multiply(panelBytes, 2), vectorsPerPanel));
  return {
    source: read(packFrame.source),
    elements: read(packFrame.elements),
    elementCount: read(packFrame.elementCount),
    runs: read(packFrame.runs),
    runCount: read(packFrame.runCount),
    stride: read(packFrame.stride),
    out: read(packFrame.out),
    panelBytes,
    vectorsPerPanel,
    fillArea: read(packFrame.fillArea),
    address,
    depthBytes,
    twoSteps,
  };
}

// Address of the vector that holds a panel position: panels are panelBytes apart, the two vectors of a panel 16 bytes.
function vectorAddress(
  f: FunctionBuilder,
  frame: Frame,
  out: Operand,
  position: Operand,
  lanes: number,
): Operand {
  const { add, subtract, multiply, shiftRight, and } = integers(f);
  const vector = shiftRight(position, lanes === 4 ? 2 : 1);
  const half = subtract(frame.vectorsPerPanel, 1);
  return add(add(out, multiply(shiftRight(vector, half), frame.panelBytes)), multiply(and(vector, half), 16));
}

// Narrows [low, high) to the points i of a run with 0 ≤ coordinate + step · i < extent.
function narrow(
  f: FunctionBuilder,
  frame: Frame,
  guard: number,
  coordinate: Operand,
  low: Local,
  high: Local,
): void {
  const { add, subtract, divide, lessUnsigned, maximum, minimum, greater, load, isZero } = integers(f);
  const [at, extent, step, bound] = f.manyLocals("i32", 4);
  const guards = load(frame.address, packFrame.guards);
  f.set(at, coordinate);
  f.set(extent, load(guards, 8 * guard));
  f.set(step, load(guards, 8 * guard + 4));
  f.push(isZero(step));
  f.if(
    () => {
      f.push(lessUnsigned(at, extent));
      f.emit("i32.eqz");
      f.if(() => f.set(high, 0));
    },
    () => {
      // ⌈−at / step⌉ ≤ i < ⌈(extent − at) / step⌉
      const limit = (distance: Operand, then: () => void): void => {
        f.set(bound, distance);
        f.push(greater(bound, 0));
        f.if(
          () => f.set(bound, divide(add(bound, subtract(step, 1)), step)),
          () => f.set(bound, 0),
        );
        then();
      };
      limit(subtract(0, at), () => f.set(low, maximum(low, bound)));
      limit(subtract(extent, at), () => f.set(high, minimum(high, bound)));
    },
  );
}

// Leaves the element at an address if low ≤ i < high, else the fill.
function loadChecked(
  f: FunctionBuilder,
  frame: Frame,
  bytes: 4 | 8,
  i: Local,
  low: Local,
  high: Local,
  address: Operand,
): void {
  const { less, greaterOrEqual, and } = integers(f);
  const operation = bytes === 4 ? "f32.load" : "f64.load";
  f.push(and(greaterOrEqual(i, low), less(i, high)));
  f.if(
    () => {
      f.push(address);
      f.memory(operation);
    },
    () => {
      f.get(frame.address);
      f.memory(operation, packFrame.fill);
    },
    bytes === 4 ? "f32" : "f64",
  );
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

// Counts down and starts the loop again until nothing is left.
function repeat(f: FunctionBuilder, remaining: Local, start: { readonly depth: number }): void {
  f.push(remaining);
  f.i32(1);
  f.emit("i32.sub");
  f.tee(remaining);
  f.branchIf(start);
}
