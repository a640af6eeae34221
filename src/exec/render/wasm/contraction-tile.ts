import type { ContractionType } from "../contraction/sizes.ts";
import type {
  FunctionBuilder,
  FunctionReference,
  Local,
  ModuleBuilder,
  Operand,
  Signature,
} from "./encoder.ts";
import { integers } from "./encoder-integers.ts";
import type { MemoryOpcode, PlainOpcode } from "./encoder-opcodes.ts";

/** How one element type lies in a vector, and how it is multiplied. */
export interface LaneFacts {
  readonly bytes: 4 | 8;
  readonly lanes: 4 | 2;
  readonly splat: MemoryOpcode;
  readonly multiply: PlainOpcode;
  readonly add: PlainOpcode;
  /** x · y + z, in one rounding or in two, as the engine likes. */
  readonly relaxed?: PlainOpcode;
}

const integer: LaneFacts = {
  bytes: 4,
  lanes: 4,
  splat: "v128.load32_splat",
  multiply: "i32x4.mul",
  add: "i32x4.add",
};

/** Vectors of each element type. */
export const laneFacts: Readonly<Record<ContractionType, LaneFacts>> = {
  f32: {
    bytes: 4,
    lanes: 4,
    splat: "v128.load32_splat",
    multiply: "f32x4.mul",
    add: "f32x4.add",
    relaxed: "f32x4.relaxed_madd",
  },
  f64: {
    bytes: 8,
    lanes: 2,
    splat: "v128.load64_splat",
    multiply: "f64x2.mul",
    add: "f64x2.add",
    relaxed: "f64x2.relaxed_madd",
  },
  i32: integer,
  u32: integer,
};

/** Rows of the register tile. */
export const tileRows = 4;
/** Vectors in a row of the register tile: 8 sums, 2 right vectors and 4 left values fill the 15 registers that V8 has for them. */
export const tileVectors = 2;

/** Columns of the register tile. */
export function tileColumns(dtype: ContractionType): number {
  return tileVectors * laneFacts[dtype].lanes;
}

const multiplyParameters = [
  "left",
  "right",
  "sums",
  "depth",
  "leftPanels",
  "rightPanels",
  // Bytes from one panel to the next.
  "leftPanelBytes",
  "rightPanelBytes",
  // Bytes from one depth to the next in a right panel.
  "rightDepthBytes",
  // Bytes from one row of sums to the next.
  "rowBytes",
  // Whether to add to the sums that are there.
  "accumulate",
] as const;

/** The name of a parameter of the multiplying function. */
export type MultiplyParameter = (typeof multiplyParameters)[number];

/** The signature of the multiplying function: all parameters are i32. */
export const multiplySignature: Signature = { parameters: multiplyParameters.map(() => "i32"), results: [] };

/** Pushes the arguments of the multiplying function in order. */
export function pushMultiplyArguments(f: FunctionBuilder, values: Record<MultiplyParameter, Operand>): void {
  for (const name of multiplyParameters) f.push(values[name]);
}

/**
 * sums (+)= left · right: a left panel holds, for each depth, its rows; a right panel its columns.
 * The tile's loop is not unrolled: V8 hoists all loads of an unrolled body to its start and spills.
 */
export function defineMultiply(
  module: ModuleBuilder,
  name: string,
  dtype: ContractionType,
  relaxed: boolean,
): FunctionReference {
  return module.define(name, multiplySignature, (f) => {
    const parameter = (wanted: MultiplyParameter): Local => f.parameters[multiplyParameters.indexOf(wanted)];
    const { multiply } = integers(f);
    const [row, column, left, target] = f.manyLocals("i32", 4);
    const right = parameter("right");
    const sums = parameter("sums");
    const rowBytes = parameter("rowBytes");
    // A right panel stays in the first cache while all left panels pass.
    f.forRange(column, { from: 0, to: parameter("rightPanels") }, () => {
      f.set(left, parameter("left"));
      f.set(target, sums);
      f.forRange(row, { from: 0, to: parameter("leftPanels") }, () => {
        const tile = emitTile(
          f,
          dtype,
          relaxed,
          left,
          right,
          parameter("depth"),
          parameter("rightDepthBytes"),
        );
        f.get(parameter("accumulate"));
        f.if(
          () => storeTile(f, dtype, tile, target, rowBytes, true),
          () => storeTile(f, dtype, tile, target, rowBytes, false),
        );
        f.increment(left, parameter("leftPanelBytes"));
        f.increment(target, multiply(rowBytes, tileRows));
      });
      f.increment(right, parameter("rightPanelBytes"));
      f.increment(sums, 16 * tileVectors);
    });
  });
}

// Σ over depth of left column · right row, in registers.
function emitTile(
  f: FunctionBuilder,
  dtype: ContractionType,
  isRelaxed: boolean,
  leftPanel: Local,
  rightPanel: Local,
  depth: Local,
  rightDepthBytes: Local,
): Local[][] {
  const { bytes, splat, multiply, add, relaxed } = laneFacts[dtype];
  const { subtract } = integers(f);
  const [left, right, remaining] = f.manyLocals("i32", 3);
  const columns = f.manyLocals("v128", tileVectors);
  const factor = f.local("v128");
  const tile = Array.from({ length: tileRows }, () => f.manyLocals("v128", tileVectors));
  for (const sum of tile.flat()) {
    f.v128(new Uint8Array(16));
    f.set(sum);
  }
  f.set(left, leftPanel);
  f.set(right, rightPanel);
  f.set(remaining, depth);
  f.loop((start) => {
    columns.forEach((column, k) => {
      f.get(right);
      f.memory("v128.load", 16 * k);
      f.set(column);
    });
    tile.forEach((row, i) => {
      f.get(left);
      f.memory(splat, bytes * i);
      f.set(factor);
      row.forEach((sum, k) => {
        f.get(factor);
        f.get(columns[k]);
        if (isRelaxed && relaxed !== undefined) {
          f.get(sum);
          f.emit(relaxed);
        } else {
          f.emit(multiply);
          f.get(sum);
          f.emit(add);
        }
        f.set(sum);
      });
    });
    f.increment(left, bytes * tileRows);
    f.increment(right, rightDepthBytes);
    f.push(subtract(remaining, 1));
    f.tee(remaining);
    f.branchIf(start);
  });
  return tile;
}

function storeTile(
  f: FunctionBuilder,
  dtype: ContractionType,
  tile: readonly (readonly Local[])[],
  target: Local,
  rowBytes: Local,
  accumulate: boolean,
): void {
  const address = f.local("i32");
  f.set(address, target);
  tile.forEach((row, i) => {
    if (i > 0) f.increment(address, rowBytes);
    row.forEach((sum, k) => {
      f.get(address);
      f.get(sum);
      if (accumulate) {
        f.get(address);
        f.memory("v128.load", 16 * k);
        f.emit(laneFacts[dtype].add);
      }
      f.memory("v128.store", 16 * k);
    });
  });
}
