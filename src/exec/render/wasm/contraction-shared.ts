import type { ContractionType } from "../contraction/sizes.ts";
import { defineAcross } from "./contraction-across.ts";
import { defineAlong } from "./contraction-along.ts";
import { defineRuns, runsSignature } from "./contraction-runs.ts";
import { defineMultiply, multiplySignature } from "./contraction-tile.ts";
import { addressSignature, type FunctionReference, type ModuleBuilder } from "./encoder.ts";
import type { SharedFunction } from "./rendered.ts";

/** The function that multiplies packed blocks; `relaxed`: in one rounding where the engine likes. */
export function multiplyFunction(dtype: ContractionType, relaxed: boolean): SharedFunction {
  return {
    // Signs do not matter to products and sums modulo 2³².
    key: `multiply.${dtype === "u32" ? "i32" : dtype}`,
    signature: multiplySignature,
    define: (module, exportName) => defineMultiply(module, exportName, dtype, relaxed),
  };
}

/** The function that packs a block along its runs or across them. */
export function packFunction(direction: "along" | "across", guards: number, bytes: 4 | 8): SharedFunction {
  const define = direction === "along" ? defineAlong : defineAcross;
  return {
    key: `${direction}.${bytes}.${guards}`,
    signature: addressSignature,
    define: (module, exportName) => define(module, exportName, guards, bytes),
  };
}

/** The function that lists the places of elements or of runs. */
export function walkFunction(write: "elements" | "runs", guards: number): SharedFunction {
  return {
    key: `${write}.${guards}`,
    signature: runsSignature,
    define: (module, exportName) => defineRuns(module, exportName, guards, write),
  };
}

/** A shared function as an import of a kernel's module. */
export function importShared(module: ModuleBuilder, shared: SharedFunction): FunctionReference {
  return module.importFunction("shared", shared.key, shared.signature);
}
