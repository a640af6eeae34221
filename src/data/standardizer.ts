import { isFloat } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, sameShape, sizeOf } from "../base/shape.ts";
import { formatType } from "../base/type.ts";
import { add, div, mul, sub, type Tensor, tensor } from "../tensor/index.ts";

/**
 * Moves and scales every feature to mean 0 and standard deviation 1, (x − μ) / σ. It is fitted on the training part
 * only, so that nothing is learned from examples held out.
 *
 * @example
 * ```ts
 * import { Standardizer } from "neurite/data";
 *
 * const standardizer = Standardizer.fit(tensor([[1, 10], [3, 30]]));
 * standardizer.transform(tensor([[2, 40]])); // [[0, 2]]
 * ```
 */
export class Standardizer {
  /** μ of each feature: the shape of one example. */
  readonly means: Tensor;
  /** σ of each feature, 1 for a feature that does not vary. */
  readonly deviations: Tensor;

  constructor(means: Tensor, deviations: Tensor) {
    this.means = means;
    this.deviations = deviations;
  }

  /**
   * Takes means and standard deviations (divided by n, as scikit-learn's `StandardScaler`) over the first axis of
   * x [n, ...], in f64. Throws a NeuriteError for no rows, for x that is no float, and for values that are not finite.
   */
  static fit(x: Tensor): Standardizer {
    if (!isFloat(x.dtype) || x.shape.length === 0 || x.shape[0] === 0) {
      throw new NeuriteError({
        operation: "Standardizer.fit",
        got: formatType(x),
        expected: "f32 or f64 [examples, ...features] with at least one example",
      });
    }
    const [count, ...shape] = x.shape;
    const size = sizeOf(shape);
    const data = x.dataSync();
    const means = new Float64Array(size);
    const deviations = new Float64Array(size);
    for (let i = 0; i < data.length; i++) {
      if (!Number.isFinite(data[i])) throw notFinite(data[i], Math.floor(i / size), i % size);
      means[i % size] += data[i] / count;
    }
    for (let i = 0; i < data.length; i++) deviations[i % size] += (data[i] - means[i % size]) ** 2 / count;
    const options = { dtype: x.dtype, shape };
    // Rounding alone makes a constant feature vary by some 1e-16 of its size.
    const scales = deviations.map((variance, j) =>
      Math.sqrt(variance) <= 1e-12 * Math.abs(means[j]) ? 1 : Math.sqrt(variance),
    );
    return new Standardizer(tensor(means, options), tensor(scales, options));
  }

  /** (x − μ) / σ */
  transform(x: Tensor): Tensor {
    this.check("Standardizer.transform", x);
    return div(sub(x, this.means), this.deviations);
  }

  /** x σ + μ, back to the scale of the data. */
  inverse(x: Tensor): Tensor {
    this.check("Standardizer.inverse", x);
    return add(mul(x, this.deviations), this.means);
  }

  private check(operation: string, x: Tensor): void {
    const { shape, dtype } = this.means;
    if (x.dtype === dtype && x.shape.length > 0 && sameShape(x.shape.slice(1), shape)) return;
    throw new NeuriteError({
      operation,
      got: formatType(x),
      expected: `${dtype} [examples, ...features] with features ${formatShape(shape)}, as it was fitted`,
    });
  }
}

function notFinite(value: number, example: number, feature: number): NeuriteError {
  return new NeuriteError({
    operation: "Standardizer.fit",
    got: `${value} at example ${example}, feature ${feature}`,
    expected: "finite numbers",
  });
}
