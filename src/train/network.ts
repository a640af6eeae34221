import { dtypeFacts } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, type Shape, sizeOf } from "../base/shape.ts";
import { Dataset } from "../data/index.ts";
import type { Layer, Variables } from "../nn/index.ts";
import { type DType, type Jitted, jit, random, type Tensor, tensor } from "../tensor/index.ts";
import { asFloat } from "./step.ts";
import { copyOf, mapNamed, pathsOf, replacements, type TensorsByPath } from "./trees.ts";

/** A layer with variables of its own. */
export class Network {
  readonly layer: Layer;
  readonly dtype: DType;
  /** Without the batch axis. */
  readonly inputShape: Shape;
  /** Without the batch axis. */
  readonly outputShape: Shape;
  variables: Variables;
  private readonly apply: Jitted<[variables: Variables, x: Tensor], Tensor>;

  constructor(layer: Layer, inputShape: Shape, dtype: DType, seed: number) {
    this.layer = layer;
    this.inputShape = inputShape;
    this.dtype = dtype;
    let outputShapes: readonly Shape[] = [];
    const initialize = jit(
      (key: Tensor): Variables => {
        const { params, state, outputShapes: shapes } = layer.init(key, [inputShape], dtype);
        outputShapes = shapes;
        return { params, state };
      },
      { name: "initialization" },
    );
    this.variables = initialize(random.key(seed));
    this.outputShape = outputShapes[0];
    this.apply = jit((variables, x) => layer.apply(variables, [asFloat(x, dtype)]).outputs[0], {
      name: "prediction",
    });
  }

  /** The outputs for inputs, computed in batches. */
  predict(x: Tensor, batchSize: number): Tensor {
    const [count] = x.shape;
    if (count <= batchSize) return this.apply(this.variables, x);
    const shape = [count, ...this.outputShape];
    const outputs = dtypeFacts[this.dtype].create(sizeOf(shape));
    let filled = 0;
    for (const batch of new Dataset(x).batches(batchSize)) {
      const part = this.apply(this.variables, batch).dataSync();
      outputs.set(part, filled);
      filled += part.length;
    }
    return tensor(outputs, { dtype: this.dtype, shape });
  }

  /** Copies of parameters and state by path, `hidden.weights`: training does not change them. */
  getWeights(): Record<string, Tensor> {
    return Object.fromEntries(
      [...this.paths()].map(([path, weights]) => [path, copyOf(weights.dataSync(), weights)]),
    );
  }

  /** Replaces the tensors with these paths. Throws, before anything changes, for unknown paths and other shapes. */
  setWeights(weights: TensorsByPath): void {
    const fresh = replacements("setWeights", this.paths(), weights);
    const replace = (old: Tensor): Tensor => fresh.get(old) ?? old;
    const { params, state } = this.variables;
    this.variables = { params: mapNamed(replace, params), state: mapNamed(replace, state) };
  }

  /** As `setWeights`; throws where one is missing too. */
  setAllWeights(weights: TensorsByPath): void {
    const missing = [...this.paths()].find(([path]) => !Object.hasOwn(weights, path));
    if (missing !== undefined) {
      const [path, { shape }] = missing;
      throw new NeuriteError({
        operation: "load",
        got: `no tensor '${path}'`,
        expected: `one of shape ${formatShape(shape)}`,
      });
    }
    this.setWeights(weights);
  }

  /** Parameters and state by path. */
  paths(): Map<string, Tensor> {
    const { params, state } = this.variables;
    return new Map([...pathsOf(params), ...pathsOf(state)]);
  }
}
