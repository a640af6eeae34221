import { isFloat } from "../base/dtype.ts";
import { checkOptions, NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { Tensor } from "../tensor/index.ts";
import { Dataset } from "./dataset.ts";

/** How `trainTestSplit` divides the examples. */
export interface SplitOptions {
  /** Decides which examples are held out: the same key, the same examples, on every device. */
  readonly key: Tensor;
  /** How many examples are held out: a share below 1, rounded up, or a whole number. Default 0.25. */
  readonly testSize?: number;
  /** Holds out of every class its share; the targets must be integers or truth values. Default false. */
  readonly stratify?: boolean;
}

/** Examples to learn from, and examples held out. */
export interface Split {
  readonly xTrain: Tensor;
  readonly yTrain: Tensor;
  readonly xTest: Tensor;
  readonly yTest: Tensor;
}

/**
 * Divides examples by key into a part to learn from and a part held out; both are shuffled.
 *
 * Stratified, each class gives its share of the held-out part: whole numbers by largest remainder, equal remainders in
 * the order of the classes. The sizes are those of scikit-learn's `train_test_split`. Throws a NeuriteError if a part
 * would be empty, and for targets that cannot be stratified.
 *
 * @example
 * ```ts
 * import { trainTestSplit } from "neurite/data";
 *
 * const x = tensor([[1], [2], [3], [4]]);
 * const y = tensor([0, 0, 1, 1], { dtype: "i32" });
 * const { xTrain, yTrain, xTest, yTest } = trainTestSplit(x, y, { key: random.key(0), testSize: 2, stratify: true });
 * ```
 */
export function trainTestSplit(x: Tensor, y: Tensor, options: SplitOptions): Split {
  checkOptions("trainTestSplit", options, ["key", "testSize", "stratify"]);
  const { key, testSize = 0.25, stratify = false } = options;
  if (!(key instanceof Tensor)) {
    throw new NeuriteError({
      operation: "trainTestSplit",
      got: "no key",
      expected: "{ key: random.key(seed) }",
    });
  }
  const dataset = new Dataset([x, y]);
  const held = heldOutCount(dataset.count, testSize);
  const order = Array.from(dataset.order(key));
  if (!stratify) {
    const [xTest, yTest] = dataset.take(order.slice(0, held));
    const [xTrain, yTrain] = dataset.take(order.slice(held));
    return { xTrain, yTrain, xTest, yTest };
  }
  const isHeldOut = chooseStratified(order, classesOf(y), held);
  const [xTest, yTest] = dataset.take(order.filter((row) => isHeldOut[row]));
  const [xTrain, yTrain] = dataset.take(order.filter((row) => !isHeldOut[row]));
  return { xTrain, yTrain, xTest, yTest };
}

function heldOutCount(count: number, testSize: number): number {
  const isShare = testSize > 0 && testSize < 1;
  if (!isShare && !(Number.isInteger(testSize) && testSize >= 1)) {
    throw new NeuriteError({
      operation: "trainTestSplit",
      got: `testSize ${testSize}`,
      expected: "a share between 0 and 1, or a whole number of examples",
    });
  }
  const held = isShare ? Math.ceil(count * testSize) : testSize;
  if (held >= count) {
    throw new NeuriteError({
      operation: "trainTestSplit",
      got: `${held} of ${count} examples to hold out`,
      expected: "at least one example on each side",
    });
  }
  return held;
}

function classesOf(y: Tensor): ArrayLike<number> {
  if (isFloat(y.dtype) || y.shape.slice(1).some((extent) => extent !== 1)) {
    throw new NeuriteError({
      operation: "trainTestSplit: stratify",
      got: `targets ${formatType(y)}`,
      expected: "one integer or truth value for each example",
    });
  }
  return y.dataSync();
}

// Walks the shuffled rows and holds out the first of each class, as many as its share.
function chooseStratified(order: readonly number[], classes: ArrayLike<number>, held: number): boolean[] {
  const sizes = new Map<number, number>();
  for (const label of Array.from(classes).sort((a, b) => a - b))
    sizes.set(label, (sizes.get(label) ?? 0) + 1);
  const left = apportion(sizes, held);
  const isHeldOut = new Array<boolean>(order.length).fill(false);
  for (const row of order) {
    const remaining = left.get(classes[row]) ?? 0;
    if (remaining === 0) continue;
    left.set(classes[row], remaining - 1);
    isHeldOut[row] = true;
  }
  return isHeldOut;
}

/** Whole numbers that add up to `held`, in proportion to the sizes: rounded down, then one more for the largest remainders. */
function apportion(sizes: ReadonlyMap<number, number>, held: number): Map<number, number> {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const shares = new Map([...sizes].map(([label, size]) => [label, Math.floor((size * held) / total)]));
  const given = [...shares.values()].reduce((sum, share) => sum + share, 0);
  const byRemainder = [...sizes].sort(([, a], [, b]) => ((b * held) % total) - ((a * held) % total));
  for (const [label] of byRemainder.slice(0, held - given)) shares.set(label, (shares.get(label) ?? 0) + 1);
  return shares;
}
