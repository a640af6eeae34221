// What users see as `merge`: layers from several inputs to one output, under the names of Keras.
import type { Layer } from "../layer.ts";
import type { LayerOptions } from "../options.ts";
import {
  addFrom,
  averageFrom,
  concatenateFrom,
  dotFrom,
  maximumFrom,
  minimumFrom,
  multiplyFrom,
  subtractFrom,
} from "./merging.ts";

/**
 * The sum of two or more inputs of one shape, or of shapes that broadcast. Throws for other shapes.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const [y] = merge.add().apply({ params: {}, state: {} }, [tensor([[1, 2]]), tensor([[3, 4]])]).outputs; // [[4, 6]]
 * ```
 */
export function add(options: LayerOptions = {}): Layer {
  return addFrom(options);
}

/**
 * The first of two inputs minus the second. Throws for shapes that do not broadcast.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const [y] = merge.subtract().apply({ params: {}, state: {} }, [tensor([[1, 2]]), tensor([[3, 5]])]).outputs; // [[-2, -3]]
 * ```
 */
export function subtract(options: LayerOptions = {}): Layer {
  return subtractFrom(options);
}

/**
 * The elementwise product of two or more inputs, such as a gate's and what it lets through. Throws for shapes that do not
 * broadcast.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const [y] = merge.multiply().apply({ params: {}, state: {} }, [tensor([[1, 2]]), tensor([[3, 4]])]).outputs; // [[3, 8]]
 * ```
 */
export function multiply(options: LayerOptions = {}): Layer {
  return multiplyFrom(options);
}

/**
 * The mean of two or more inputs. Throws for shapes that do not broadcast.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const [y] = merge.average().apply({ params: {}, state: {} }, [tensor([[1, 2]]), tensor([[3, 4]])]).outputs; // [[2, 3]]
 * ```
 */
export function average(options: LayerOptions = {}): Layer {
  return averageFrom(options);
}

/**
 * The elementwise largest of two or more inputs. Throws for shapes that do not broadcast.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const [y] = merge.maximum().apply({ params: {}, state: {} }, [tensor([[1, 5]]), tensor([[3, 4]])]).outputs; // [[3, 5]]
 * ```
 */
export function maximum(options: LayerOptions = {}): Layer {
  return maximumFrom(options);
}

/**
 * The elementwise smallest of two or more inputs. Throws for shapes that do not broadcast.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const [y] = merge.minimum().apply({ params: {}, state: {} }, [tensor([[1, 5]]), tensor([[3, 4]])]).outputs; // [[1, 4]]
 * ```
 */
export function minimum(options: LayerOptions = {}): Layer {
  return minimumFrom(options);
}

/** Options of `merge.concatenate`. */
export interface ConcatenateOptions extends LayerOptions {
  /** The axis, counted with the batch as axis 0, or from the end; default −1. */
  readonly axis?: number;
}

/**
 * Two or more inputs side by side along an axis. Throws for shapes that differ along other axes.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const { outputShapes } = merge.concatenate().init(random.key(0), [[7, 7, 8], [7, 7, 4]], "f32"); // [[7, 7, 12]]
 * ```
 */
export function concatenate(options: ConcatenateOptions = {}): Layer {
  return concatenateFrom(options);
}

/** Options of `merge.dot`. */
export interface DotOptions extends LayerOptions {
  /** The axis to sum over, counted with the batch as axis 0, or from the end; or one for each input. */
  readonly axes: number | readonly [first: number, second: number];
  /** Divide by the lengths first: the cosine of the angle; default false. */
  readonly normalize?: boolean;
}

/**
 * The inner products of two inputs along an axis of each, example by example: what remains are the other axes of the first,
 * then those of the second; [batch, 1] where none remain. Throws for shapes that do not fit.
 *
 * @example
 * ```ts
 * import { merge } from "neurite/nn";
 *
 * const [y] = merge.dot({ axes: 1 }).apply({ params: {}, state: {} }, [tensor([[1, 2]]), tensor([[3, 4]])]).outputs; // [[11]]
 * ```
 */
export function dot(options: DotOptions): Layer {
  return dotFrom(options);
}
