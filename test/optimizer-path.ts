// The paths of optimizers along given gradients, as fixtures/optimizers.py makes them.
import { flatten } from "../src/base/tree.ts";
import { mapTensors, type Optimizer, type TensorTree } from "../src/optim/index.ts";
import { add, cast, Tensor, tensor } from "../src/tensor/index.ts";
import { fixtureValues } from "./fixtures/generator.ts";

/** Two tensors of two entries, from the numbers of a seed. */
export function pair(seed: number): Tensor[] {
  const values = fixtureValues(seed, 4, 1);
  return [tensor(values.slice(0, 2)), tensor(values.slice(2))];
}

/** All entries of a tree, in order. */
export function entriesOf(tree: TensorTree): number[] {
  const isTensor = (value: unknown): value is Tensor => value instanceof Tensor;
  return flatten(tree, isTensor).leaves.flatMap((leaf) => [...leaf.dataSync()]);
}

/** The entries after each of some steps along the fixtures' gradients; rates replace the optimizer's own. */
export function run(
  optimizer: Optimizer,
  steps: number,
  rates: readonly number[] = [],
  dtype: "f32" | "f64" = "f64",
): number[][] {
  const numbers = (seed: number): Tensor[] => pair(seed).map((values) => cast(values, dtype));
  let params: TensorTree = numbers(1);
  let state = optimizer.init(params);
  return Array.from({ length: steps }, (_, i) => {
    const step = tensor(i + 1, { dtype });
    const context = { params, step, learningRate: rates[i] ?? optimizer.learningRate };
    const updated = optimizer.update(numbers(10 + i), state, context);
    params = mapTensors(add, params, updated.updates);
    state = updated.state;
    return entriesOf(params);
  });
}
