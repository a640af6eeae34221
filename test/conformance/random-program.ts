// Random programs: fast-check draws numbers, and the numbers choose steps and operands; so fewer and smaller numbers are a simpler program.
import fc from "fast-check";
import type { DType } from "../../src/base/dtype.ts";
import { sizeOf } from "../../src/base/shape.ts";
import type { TensorType } from "../../src/base/type.ts";
import { sub } from "../../src/lang/ops/index.ts";
import { printProgram } from "../../src/lang/program/print.ts";
import type { Tensor } from "../../src/lang/program/tensor.ts";
import { verifyProgram } from "../../src/lang/program/verify.ts";
import { programOf } from "../../src/tensor/jit.ts";
import { drawTensor, generator } from "./harness.ts";
import type { Chooser, Step, Value } from "./random-step.ts";

/** What describes a random program. */
export interface Recipe {
  readonly dtype: DType;
  readonly extents: readonly number[];
  /** The shape of each input, as positions in `extents`. */
  readonly shapes: readonly (readonly number[])[];
  /** The step, then numbers for its choices. */
  readonly steps: readonly (readonly number[])[];
  readonly seed: number;
}

const number = fc.nat(255);

/** Recipes in some dtypes, up to a number of steps. */
export function recipes(dtypes: readonly DType[], maxLength: number): fc.Arbitrary<Recipe> {
  const extent = fc.constantFrom(2, 3, 1, 4, 5, 8, 7, 9, 16, 17, 33, 0);
  return fc.record({
    dtype: fc.constantFrom(...dtypes),
    extents: fc.tuple(extent, extent, extent),
    shapes: fc.array(fc.array(fc.nat(2), { maxLength: 3 }), { minLength: 1, maxLength: 4 }),
    steps: fc.array(fc.tuple(number, number, number, number, number, number), {
      minLength: 1,
      maxLength,
      size: "max",
    }),
    seed: fc.nat(1000),
  });
}

// Products of two are exact in f32 below 2²⁴; sums of products stay far below.
const largest = 2 ** 11;
const mostElements = 2048;

/** Inputs of a recipe, integers or reals from −3 to 3. */
export function inputsOf({ dtype, extents, shapes, seed }: Recipe, areIntegers: boolean): Tensor[] {
  const next = generator(seed);
  return shapes.map((places) => {
    const shape = places.map((place) => extents[place]);
    const type: TensorType = { dtype, shape: sizeOf(shape) > mostElements ? shape.slice(1) : shape };
    const draw = areIntegers ? (): number => Math.floor(7 * next()) / 6 : next;
    return drawTensor(type, [-3, 3], dtype === "i32" ? next : draw);
  });
}

/** The function that a recipe describes. */
export function functionOf(recipe: Recipe, steps: readonly Step[]): (...inputs: Tensor[]) => Tensor[] {
  return (...inputs) => {
    const values: Value[] = inputs.map((tensor) => ({ tensor, bound: 3 }));
    const kept = new Set<Value>();
    for (const [which, ...numbers] of recipe.steps) {
      const result = steps[which % steps.length](chooserOf(values, numbers));
      if (result === undefined || result.bound > largest || sizeOf(result.tensor.shape) > mostElements)
        continue;
      if (result.tensor.shape.length > 4) continue;
      values.unshift(result);
      if (numbers[0] % 4 === 3) kept.add(result);
    }
    return [...new Set([values[0], ...kept])].map(({ tensor }) => tensor);
  };
}

function chooserOf(values: readonly Value[], numbers: readonly number[]): Chooser {
  let next = 0;
  const below = (count: number): number => numbers[next++ % numbers.length] % count;
  return {
    below,
    value: (fits) => {
      const candidates = values.filter(({ tensor }) => fits?.(tensor) ?? true);
      return candidates.length === 0 ? undefined : candidates[below(candidates.length)];
    },
  };
}

/** Unlike inputs of the same types. */
export function changed(inputs: readonly Tensor[]): Tensor[] {
  return inputs.map((x) => sub(1, x));
}

/** Runs a check; where it fails, the error ends with the program. */
export function checkProgram(
  f: (...inputs: Tensor[]) => unknown,
  inputs: readonly Tensor[],
  check: () => void,
): void {
  const program = programOf(f, ...inputs);
  verifyProgram(program);
  try {
    check();
  } catch (error) {
    const reason =
      error instanceof Error ? `${error.message}\n${error.stack?.split("\n").slice(1, 6).join("\n")}` : error;
    throw new Error(`${reason}\nin the program ${printProgram(program)}`, { cause: error });
  }
}
