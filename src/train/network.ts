import { dtypeFacts } from "../base/dtype.ts";
import { NeuriteError, unknownName } from "../base/error.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../base/shape.ts";
import { Dataset } from "../data/index.ts";
import type { Layer, Variables } from "../nn/index.ts";
import { type DType, type Jitted, jit, random, Tensor, type TensorData, tensor } from "../tensor/index.ts";
import { asFloat } from "./step.ts";
import { copyOf, mapNamed, pathsOf } from "./trees.ts";

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
  setWeights(weights: Readonly<Record<string, Tensor | TensorData>>): void {
    const known = this.paths();
    const fresh = new Map<Tensor, Tensor>();
    for (const [path, data] of Object.entries(weights)) {
      const old = known.get(path);
      if (old === undefined) throw unknownName("setWeights", path, [...known.keys()]);
      fresh.set(old, weightsFor(path, old, data));
    }
    const replace = (old: Tensor): Tensor => fresh.get(old) ?? old;
    const { params, state } = this.variables;
    this.variables = { params: mapNamed(replace, params), state: mapNamed(replace, state) };
  }

  private paths(): Map<string, Tensor> {
    const { params, state } = this.variables;
    return new Map([...pathsOf(params), ...pathsOf(state)]);
  }
}

function weightsFor(path: string, old: Tensor, data: Tensor | TensorData): Tensor {
  const given = data instanceof Tensor ? data : tensor(data);
  if (!sameShape(given.shape, old.shape)) {
    throw new NeuriteError({
      operation: "setWeights",
      got: `'${path}' of shape ${formatShape(given.shape)}`,
      expected: `shape ${formatShape(old.shape)}`,
    });
  }
  return copyOf(given.dataSync(), old);
}
