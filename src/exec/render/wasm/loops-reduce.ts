import { isFloat } from "../../../base/dtype.ts";
import { startOf } from "../../../lang/kernel/evaluate.ts";
import type { Combine } from "../../../lang/kernel/kernel.ts";
import type { ReduceNode } from "../nest/lower.ts";
import { wordsOf } from "../nest/nodes.ts";
import type { Local } from "./encoder.ts";
import type { Emitter } from "./expression.ts";
import { convertMask, emitPair, widthFor, zeroVector } from "./lanes-basic.ts";

/** A partial value; of a float maximum or minimum also whether any element was NaN. */
interface PartialSum {
  readonly sum: Local;
  readonly unordered: Local | undefined;
}

const pairOf: Readonly<Record<Combine, "add" | "mul" | "max" | "min">> = {
  sum: "add",
  prod: "mul",
  max: "max",
  min: "min",
};

/** The partial values of a reduction, from before its loops until behind them. */
export class Accumulator {
  readonly #e: Emitter;
  readonly #step: ReduceNode;
  readonly #folds: boolean;
  readonly #parts: readonly PartialSum[];

  /** `folds`: partial vectors and their lanes are combined at the end; otherwise each lane of each copy is a result. */
  constructor(e: Emitter, step: ReduceNode, copies: number, folds: boolean) {
    const { combine, value } = step;
    const isExtreme = combine === "max" || combine === "min";
    const tracksOrder = isExtreme && isFloat(value.dtype);
    this.#e = e;
    this.#step = step;
    this.#folds = folds;
    this.#parts = Array.from({ length: copies }, () => {
      const sum = e.local("v128");
      this.#pushStart();
      e.f.set(sum);
      if (!tracksOrder) return { sum, unordered: undefined };
      const unordered = e.local("v128");
      zeroVector(e.f);
      e.f.set(unordered);
      return { sum, unordered };
    });
  }

  /** Takes one more vector of values into a partial value. */
  add(copy: number): void {
    const { f } = this.#e;
    const { combine, value } = this.#step;
    const { sum, unordered } = this.#parts[copy];
    if (unordered === undefined) {
      f.get(sum);
      this.#pushValue(copy);
      emitPair(f, pairOf[combine], value.dtype);
      f.set(sum);
      return;
    }
    // The engine's max is eight instructions in a chain. Two halves of it, x < y ? y : x both ways, differ for zeros,
    // whose signs `and` (for min, `or`) combines, and for NaN, which is noted on the side.
    const prefix = value.dtype === "f64" ? "f64x2" : "f32x4";
    this.#e.borrow("v128", (element) => {
      this.#pushValue(copy);
      f.set(element);
      for (const [x, y] of [
        [sum, element],
        [element, sum],
      ]) {
        f.get(x);
        f.get(y);
        f.emit(`${prefix}.p${combine === "max" ? "max" : "min"}`);
      }
      f.emit(combine === "max" ? "v128.and" : "v128.or");
      f.set(sum);
      f.get(unordered);
      f.get(element);
      f.get(element);
      f.emit(`${prefix}.ne`, "v128.or");
      f.set(unordered);
    });
  }

  /** Makes the partial values the result. */
  finish(): void {
    const { f } = this.#e;
    for (const { sum, unordered } of this.#parts) {
      if (unordered === undefined) continue;
      // All ones is a NaN.
      f.get(sum);
      f.get(unordered);
      f.emit("v128.or");
      f.set(sum);
    }
    const sums = this.#parts.map((part) => part.sum);
    if (this.#folds) this.#fold(sums);
    const results = this.#folds ? sums.slice(0, 1) : sums;
    results.forEach((sum, copy) => {
      this.#e.define(this.#step.result, copy, sum);
    });
  }

  #pushStart(): void {
    const { combine, value } = this.#step;
    const start = startOf(combine, value.dtype);
    const words = start === 0 ? [0] : wordsOf(value.dtype, start);
    const lanes = Int32Array.from({ length: 4 }, (_, k) => words[k % words.length]);
    this.#e.f.v128(new Uint8Array(lanes.buffer));
  }

  // The next values; lanes that count already, or that repeat the only one, add nothing.
  #pushValue(copy: number): void {
    const e = this.#e;
    const { f } = e;
    const { value } = this.#step;
    e.push(value, copy, 32);
    if (!this.#folds || e.mode === "vector") return;
    this.#pushStart();
    if (e.mode === "overlap" && e.active !== undefined) f.get(e.active);
    else f.v128(new Uint8Array(new Int32Array([-1, 0, 0, 0]).buffer));
    convertMask(f, 32, widthFor(value.dtype));
    f.emit("v128.bitselect");
  }

  // Combines partial vectors, then lanes, in a fixed order; the result is in every lane.
  #fold(sums: readonly Local[]): void {
    const e = this.#e;
    const { f } = e;
    const { combine, value } = this.#step;
    const combineInto = (sum: Local, pushOther: () => void): void => {
      f.get(sum);
      pushOther();
      emitPair(f, pairOf[combine], value.dtype);
      f.set(sum);
    };
    for (let step = 1; step < sums.length; step *= 2) {
      for (let k = 0; k + step < sums.length; k += 2 * step)
        combineInto(sums[k], () => f.get(sums[k + step]));
    }
    const [sum] = sums;
    const halves = [2, 3, 0, 1];
    const neighbours = [1, 0, 3, 2];
    const shuffles = e.lanes === 4 ? [halves, neighbours] : value.dtype === "f64" ? [halves] : [neighbours];
    for (const words of shuffles) {
      combineInto(sum, () => {
        f.get(sum);
        f.get(sum);
        f.shuffleWords(words);
      });
    }
  }
}
