import type { FunctionBuilder, FunctionReference, Local, ModuleBuilder, Signature } from "./encoder.ts";
import type { MemoryOpcode, PlainOpcode } from "./encoder-opcodes.ts";

/** The element types that contractions multiply. */
export type ContractionType = "f32" | "f64" | "i32" | "u32";

/** How one element type lies in a vector, and how it is multiplied. */
export interface LaneFacts {
  readonly bytes: 4 | 8;
  readonly lanes: 4 | 2;
  readonly splat: MemoryOpcode;
  readonly multiply: PlainOpcode;
  readonly add: PlainOpcode;
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
  f32: { bytes: 4, lanes: 4, splat: "v128.load32_splat", multiply: "f32x4.mul", add: "f32x4.add" },
  f64: { bytes: 8, lanes: 2, splat: "v128.load64_splat", multiply: "f64x2.mul", add: "f64x2.add" },
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

/**
 * (left, right, sums, depth, left panels, right panels, left panel bytes, right panel bytes, bytes of a row of sums, accumulate) → ().
 * A left panel holds for each depth its 4 rows, a right panel its 2 vectors of columns.
 */
export const multiplySignature: Signature = { parameters: new Array(10).fill("i32"), results: [] };

/** sums (+)= left · right for packed panels: the loops around the register tile. */
export function defineMultiply(
  module: ModuleBuilder,
  name: string,
  dtype: ContractionType,
): FunctionReference {
  return module.define(name, multiplySignature, (f) => {
    const [
      firstLeft,
      right,
      sums,
      depth,
      leftPanels,
      rightPanels,
      leftBytes,
      rightBytes,
      rowBytes,
      accumulate,
    ] = f.parameters;
    const [row, column, left, target] = f.manyLocals("i32", 4);
    // A right panel stays in the first cache while all left panels pass.
    f.forRange(column, { from: 0, to: rightPanels }, () => {
      f.get(firstLeft);
      f.set(left);
      f.get(sums);
      f.set(target);
      f.forRange(row, { from: 0, to: leftPanels }, () => {
        inlineTile(f, dtype, [left, right, target, depth, rowBytes, accumulate]);
        f.increment(left, leftBytes);
        f.get(target);
        f.get(rowBytes);
        f.i32(tileRows);
        f.emit("i32.mul", "i32.add");
        f.set(target);
      });
      f.increment(right, rightBytes);
      f.increment(sums, 16 * tileVectors);
    });
  });
}

// The register tile has a function of its own, so that engines optimise it soon and alone; unrolling its loop makes V8 spill.
function inlineTile(f: FunctionBuilder, dtype: ContractionType, ps: Local[]): void {
  const { bytes, splat, multiply, add } = laneFacts[dtype];
  const [left0, right0, target0, depth0, rowBytes, accumulate] = ps;
  const [left, right, target, depth] = f.manyLocals("i32", 4);
  f.set(left, left0);
  f.set(right, right0);
  f.set(target, target0);
  f.set(depth, depth0);
  const sums = Array.from({ length: tileRows }, () => f.manyLocals("v128", tileVectors));
  for (const row of sums)
    for (const x of row) {
      f.v128(new Uint8Array(16));
      f.set(x);
    }
  const columns = f.manyLocals("v128", tileVectors);
  const factor = f.local("v128");
  f.loop((start) => {
    columns.forEach((column, k) => {
      f.get(right);
      f.memory("v128.load", 16 * k);
      f.set(column);
    });
    sums.forEach((row, i) => {
      f.get(left);
      f.memory(splat, bytes * i);
      f.set(factor);
      row.forEach((sum, k) => {
        f.get(sum);
        f.get(factor);
        f.get(columns[k]);
        f.emit(multiply, add);
        f.set(sum);
      });
    });
    f.increment(left, bytes * tileRows);
    f.increment(right, 16 * tileVectors);
    f.get(depth);
    f.i32(1);
    f.emit("i32.sub");
    f.tee(depth);
    f.branchIf(start);
  });
  const store = (combine: boolean): void => {
    sums.forEach((row, i) => {
      row.forEach((sum, k) => {
        f.get(target);
        if (combine) {
          f.get(target);
          f.memory("v128.load", 16 * k);
        }
        f.get(sum);
        if (combine) f.emit(add);
        f.memory("v128.store", 16 * k);
      });
      if (i < tileRows - 1) f.increment(target, rowBytes);
    });
  };
  f.get(accumulate);
  f.if(
    () => store(true),
    () => store(false),
  );
}
