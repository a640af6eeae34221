import type { FunctionBuilder, Label, Local, Operand } from "./encoder.ts";
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

/** A pack frame in locals. */
export interface Frame {
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
  /** Extent of each guard's coordinate, and its step along a run. */
  readonly limits: readonly { readonly extent: Local; readonly step: Local }[];
  readonly address: Local;
  /** Bytes of one depth in a panel. */
  readonly depthBytes: Local;
  /** The sum of two steps from one vector of a depth to the next. */
  readonly twoSteps: Local;
}

/** Reads the frame whose address is the first parameter. */
export function readFrame(f: FunctionBuilder, guards: number): Frame {
  const { load, shiftLeft, divide, multiply } = integers(f);
  const [address] = f.parameters;
  const read = (offset: number, from: Local = address): Local => {
    const local = f.local("i32");
    f.set(local, load(from, offset));
    return local;
  };
  const limits = read(packFrame.guards);
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
    limits: Array.from({ length: guards }, (_, k) => ({
      extent: read(8 * k, limits),
      step: read(8 * k + 4, limits),
    })),
    address,
    depthBytes,
    twoSteps,
  };
}

/** The address of the vector that holds a panel position: panels are panelBytes apart, the two vectors of a panel 16 bytes. */
export function vectorAddress(
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

/** Narrows [low, high) to the points i of a run with 0 ≤ coordinate + step · i < extent of a guard. */
export function narrow(
  f: FunctionBuilder,
  frame: Frame,
  guard: number,
  coordinate: Operand,
  low: Local,
  high: Local,
): void {
  const { add, subtract, divide, lessUnsigned, maximum, minimum, greater, isZero } = integers(f);
  const { extent, step } = frame.limits[guard];
  const [at, bound] = f.manyLocals("i32", 2);
  f.set(at, coordinate);
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

/** Leaves the element at an address if low ≤ i < high, else the fill. */
export function loadChecked(
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

/** Counts down and starts the loop again until nothing is left. */
export function repeat(f: FunctionBuilder, remaining: Local, start: Label): void {
  f.push(remaining);
  f.i32(1);
  f.emit("i32.sub");
  f.tee(remaining);
  f.branchIf(start);
}
