import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { DType } from "../src/base/dtype.ts";
import type { Tensor } from "../src/lang/program/tensor.ts";
import { vjp } from "../src/lang/transforms/directional.ts";
import { tensor } from "../src/tensor/create.ts";

/** An array of a fixture; infinities and NaN are strings. */
interface Stored {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: readonly (number | string)[];
}

/** One case of fixtures/functions.json. */
export interface OracleCase {
  readonly group: string;
  readonly operation: string;
  readonly inputs: Readonly<Record<string, Stored>>;
  readonly params: Readonly<Record<string, never>>;
  readonly outputs: Readonly<Record<string, Stored>>;
  readonly cotangent?: Stored;
  readonly gradients?: Readonly<Record<string, Stored>>;
}

const { cases }: { cases: OracleCase[] } = JSON.parse(
  readFileSync(new URL("./fixtures/functions.json", import.meta.url), "utf8"),
);

/** The cases of a group, numbered for `test.each`. */
export function oracleCases(group: string): [name: string, oracle: OracleCase][] {
  return cases
    .filter((oracle) => oracle.group === group)
    .map((oracle, i) => [`${oracle.operation} ${i} ${JSON.stringify(oracle.params)}`, oracle]);
}

/** A tensor of a fixture's array. */
export function stored({ data, shape, dtype }: Stored): Tensor {
  return tensor(data.map(Number), { shape: [...shape], dtype });
}

/** Expects shape, dtype and every element, within |got − wanted| ≤ tolerance · max(1, |wanted|). */
export function expectStored(got: Tensor, wanted: Stored, tolerance: number): void {
  expect([got.dtype, got.shape]).toEqual([wanted.dtype, wanted.shape]);
  const elements = got.dataSync();
  for (const [i, text] of wanted.data.entries()) {
    const value = Number(text);
    const error = Math.abs(elements[i] - value);
    const close =
      Object.is(elements[i], value) ||
      elements[i] === value ||
      error <= tolerance * Math.max(1, Math.abs(value));
    if (!close) expect.fail(`element ${i} is ${elements[i]}, expected ${value}`);
  }
}

/** Runs a function on a case's inputs and checks its value and its gradients. */
export function expectOracle(
  oracle: OracleCase,
  f: (...inputs: Tensor[]) => Tensor,
  tolerance = 1e-12,
): void {
  const inputs = Object.values(oracle.inputs).map(stored);
  expectStored(f(...inputs), oracle.outputs.y, tolerance);
  if (oracle.cotangent === undefined || oracle.gradients === undefined) return;
  const [, pullback] = vjp(f, ...inputs);
  for (const [i, gradient] of pullback(stored(oracle.cotangent)).entries()) {
    expectStored(gradient, Object.values(oracle.gradients)[i], tolerance);
  }
}
