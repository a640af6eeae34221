import { dtypeFacts } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, type Shape, sizeOf } from "../base/shape.ts";
import { Dataset } from "../data/index.ts";
import type { Graph, Layer, Stack, Variables } from "../nn/index.ts";
import { type DType, type Jitted, jit, random, type Tensor, tensor } from "../tensor/index.ts";
import type { Port } from "./data.ts";
import { asFloat } from "./step.ts";
import {
  copyOf,
  isWithin,
  mapNamed,
  overlay,
  pathsOf,
  replacements,
  select,
  type TensorsByPath,
} from "./trees.ts";

/** What a network is made of. */
export interface NetworkParts {
  readonly layer: Layer;
  readonly inputs: readonly Port[];
  /** The names of the outputs that count; a layer may have more. */
  readonly outputNames: readonly string[];
  readonly dtype: DType;
}

/** Where the variables of a network are: networks may share them. */
export interface Store {
  variables: Variables;
}

/** A layer with variables of its own. */
export class Network {
  readonly layer: Layer;
  readonly dtype: DType;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  private readonly store: Store;
  private readonly apply: Jitted<[variables: Variables, inputs: readonly Tensor[]], readonly Tensor[]>;

  /** The variables begin as the seed decides, or are those of a store. */
  constructor({ layer, inputs, outputNames, dtype }: NetworkParts, seed: number, store?: Store) {
    this.layer = layer;
    this.inputs = inputs.map((port, i) => ({ ...port, takesIds: layer.takesIds?.[i] === true }));
    this.dtype = dtype;
    let outputShapes: readonly Shape[] = [];
    const shapes = inputs.map(({ shape }) => shape);
    const initialize = jit(
      (key: Tensor): Variables => {
        const { params, state, outputShapes: announced } = layer.init(key, shapes, dtype);
        outputShapes = announced;
        return { params, state };
      },
      { name: "initialization" },
    );
    const initial = initialize(random.key(seed));
    this.store = store ?? { variables: initial };
    this.outputs = outputNames.map((name, i) => ({ name, shape: outputShapes[i] }));
    this.apply = jit(
      (variables, given) =>
        layer
          .apply(
            variables,
            given.map((x) => asFloat(x, dtype)),
          )
          .outputs.slice(0, outputNames.length),
      { name: "prediction" },
    );
  }

  /** The network of some of the layers, which share their variables with it. */
  part(layer: Stack | Graph, inputs: readonly Port[], outputNames: readonly string[]): Network {
    const whole = this.store;
    const parts = { layer, inputs, outputNames, dtype: this.dtype };
    return new Network(parts, 0, {
      get variables(): Variables {
        const { params, state } = whole.variables;
        const within = (path: string): boolean => layer.names.some((name) => isWithin(path, name));
        return { params: select(params, within), state: select(state, within) };
      },
      set variables({ params, state }) {
        const before = whole.variables;
        whole.variables = { params: overlay(before.params, params), state: overlay(before.state, state) };
      },
    });
  }

  get variables(): Variables {
    return this.store.variables;
  }

  set variables(variables: Variables) {
    this.store.variables = variables;
  }

  /** The outputs for inputs, computed in batches. */
  predict(x: readonly Tensor[], batchSize: number): readonly Tensor[] {
    const [count] = x[0].shape;
    if (count <= batchSize) return this.apply(this.variables, x);
    const whole = this.outputs.map(({ shape }) => dtypeFacts[this.dtype].create(count * sizeOf(shape)));
    const filled = whole.map(() => 0);
    for (const batch of new Dataset([...x]).batches(batchSize)) {
      for (const [i, output] of this.apply(this.variables, batch).entries()) {
        const part = output.dataSync();
        whole[i].set(part, filled[i]);
        filled[i] += part.length;
      }
    }
    return this.outputs.map(({ shape }, i) =>
      tensor(whole[i], { dtype: this.dtype, shape: [count, ...shape] }),
    );
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
