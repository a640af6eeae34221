// What every layer keeps to. The table names a sample of each export that makes a layer, so a new layer without one fails.
import { describe, expect, test } from "vitest";
import {
  checkGradients,
  type DType,
  grad,
  jit,
  random,
  slice,
  stack,
  sum,
  Tensor,
  vmap,
} from "../tensor/index.ts";
import * as nn from "./index.ts";
import { describeLayer, type Json, type Layer, layerFromConfig, type TensorTree } from "./index.ts";
import { layerTypes } from "./registry.ts";

interface Sample {
  readonly layer: Layer;
  /** The shapes of the inputs, without the batch. */
  readonly inputs: readonly (readonly number[])[];
  /** The inputs are integers from 0 to below this. */
  readonly ids?: number;
  /** The derivative of a step, which is not that of its values where gradients go straight through. */
  readonly slope?: 0 | 1;
}

const sequence = [5, 3];
const image = [5, 4, 2];
const volume = [3, 4, 3, 2];
const two = [
  [3, 4],
  [3, 4],
];
const one = (layer: Layer, input: readonly number[]): Sample => ({ layer, inputs: [input] });
const l2 = nn.regularizers.l2({ l2: 0.1 });

/** Two inputs through one shared layer, and two outputs. */
function twoTowers(): Layer {
  const [left, right] = two.map((shape) => nn.input({ shape }));
  const tower = nn.dense({ units: 2, activation: "tanh", name: "tower" });
  const sides = [nn.connect(left, tower), nn.connect(right, tower, nn.dropout({ rate: 0.5 }))];
  return nn.graph({ inputs: [left, right], outputs: [nn.connect(sides, nn.merge.add()), sides[0]] });
}

/** By the name of the export; layers in a namespace under its name and theirs. */
const samples: Readonly<Record<string, Sample | readonly Sample[]>> = {
  activation: [
    ...nn.activationNames.map((name): Sample => {
      const isStep = name === "threshold" || name === "sign";
      return { ...one(nn.activation(name), [4]), ...(isStep && { slope: 0 }) };
    }),
    one(nn.activation({ type: "leakyRelu", negativeSlope: 0.3 }, { name: "leaky" }), [3]),
    one(nn.activation({ type: "elu", alpha: 0.5 }), [3]),
    one(nn.activation({ type: "gelu", approximate: true }), [3]),
    { ...one(nn.activation({ type: "sign", straightThrough: true }), [3]), slope: 1 },
  ],
  avgPool1d: one(nn.avgPool1d(), sequence),
  avgPool2d: one(nn.avgPool2d({ poolSize: 3, strides: [1, 2], padding: "same" }), image),
  avgPool3d: one(nn.avgPool3d(), volume),
  batchNormalization: one(nn.batchNormalization({ momentum: 0.9, gammaInitializer: "uniform" }), image),
  bidirectional: [
    one(nn.bidirectional(nn.lstm({ units: 2, returnSequences: true })), sequence),
    one(nn.bidirectional(nn.gru({ units: 2 }), { mergeMode: "add", name: "both" }), sequence),
  ],
  conv1d: one(nn.conv1d({ filters: 2, kernelSize: 3, padding: "causal", activation: "tanh" }), sequence),
  conv1dTranspose: one(nn.conv1dTranspose({ filters: 2, kernelSize: 3, strides: 2 }), sequence),
  conv2d: one(
    nn.conv2d({ filters: 4, kernelSize: [3, 2], strides: 2, padding: "same", groups: 2, inputShape: image }),
    image,
  ),
  conv2dTranspose: one(
    nn.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same", activation: "sigmoid" }),
    image,
  ),
  conv3d: one(nn.conv3d({ filters: 2, kernelSize: 2, dilationRate: [1, 2, 1] }), volume),
  conv3dTranspose: one(nn.conv3dTranspose({ filters: 1, kernelSize: 2 }), [2, 2, 2, 2]),
  cropping1d: one(nn.cropping1d({ cropping: [1, 0] }), sequence),
  cropping2d: one(nn.cropping2d({ cropping: [1, [0, 2]] }), image),
  cropping3d: one(nn.cropping3d({ cropping: 1 }), volume),
  dense: [
    one(nn.dense({ units: 3, name: "hidden", activation: "gelu" }), [2, 4]),
    one(nn.dense({ units: 3, activation: "softmax", biasInitializer: "normal" }), [4]),
    one(
      nn.dense({
        units: 3,
        activation: { type: "leakyRelu", negativeSlope: 0.2 },
        kernelInitializer: nn.initializers.orthogonal({ gain: 2 }),
        biasInitializer: "spreadHinges",
        kernelRegularizer: l2,
        biasRegularizer: "l1",
        activityRegularizer: "l1l2",
      }),
      [4],
    ),
  ],
  depthwiseConv1d: one(nn.depthwiseConv1d({ kernelSize: 3, depthMultiplier: 2 }), sequence),
  depthwiseConv2d: one(nn.depthwiseConv2d({ kernelSize: [2, 3], padding: "same" }), image),
  dropout: one(nn.dropout({ rate: 0.25 }), [4]),
  embedding: {
    ...one(nn.embedding({ inputDim: 5, outputDim: 3, embeddingsRegularizer: l2 }), [2]),
    ids: 5,
  },
  flatten: one(nn.flatten({ inputShape: image }), image),
  gatedFeedbackRnn: [
    one(nn.gatedFeedbackRnn({ units: [2, 3], recurrentInitializer: "glorotNormal" }), sequence),
    one(nn.gatedFeedbackRnn({ units: [2, 3], cell: "lstm", returnState: true }), sequence),
    {
      layer: nn.gatedFeedbackRnn({ units: [2, 3], cell: "gru", returnSequences: true }),
      inputs: [sequence, [3], [2]],
    },
  ],
  gaussianDropout: one(nn.gaussianDropout({ rate: 0.25 }), [4]),
  gaussianNoise: one(nn.gaussianNoise({ stddev: 0.5 }), [4]),
  globalAvgPool1d: one(nn.globalAvgPool1d(), sequence),
  globalAvgPool2d: one(nn.globalAvgPool2d({ keepDims: true }), image),
  globalAvgPool3d: one(nn.globalAvgPool3d(), volume),
  globalMaxPool1d: one(nn.globalMaxPool1d(), sequence),
  globalMaxPool2d: one(nn.globalMaxPool2d(), image),
  globalMaxPool3d: one(nn.globalMaxPool3d({ keepDims: true }), volume),
  graph: { layer: twoTowers(), inputs: two },
  groupNormalization: one(nn.groupNormalization({ groups: 2 }), [3, 4]),
  gru: [
    one(nn.gru({ units: 2, returnSequences: true, goBackwards: true }), sequence),
    one(
      nn.gru({ units: 2, resetAfter: false, recurrentDropout: 0.5, dropout: 0.2, inputShape: sequence }),
      sequence,
    ),
  ],
  layerNormalization: [
    one(nn.layerNormalization({ gammaInitializer: "uniform" }), [3, 4]),
    one(nn.layerNormalization({ axis: [1, -1], center: false, scale: false }), [3, 4]),
  ],
  localResponseNormalization: one(nn.localResponseNormalization({ alpha: 0.5, depthRadius: 1 }), [2, 5]),
  lstm: [
    one(
      nn.lstm({
        units: 2,
        unitForgetBias: false,
        activation: "softplus",
        recurrentActivation: "hardSwish",
        returnState: true,
        dropout: 0.5,
      }),
      sequence,
    ),
    {
      layer: nn.lstm({
        units: 2,
        returnSequences: true,
        returnState: true,
        kernelRegularizer: l2,
        recurrentRegularizer: "l1",
        biasRegularizer: l2,
        activityRegularizer: l2,
      }),
      inputs: [sequence, [2], [2]],
    },
  ],
  masking: one(nn.masking({ maskValue: -1 }), sequence),
  maxPool1d: one(nn.maxPool1d({ padding: "same" }), sequence),
  maxPool2d: one(nn.maxPool2d(), image),
  maxPool3d: one(nn.maxPool3d({ poolSize: [2, 1, 2] }), volume),
  maxout: one(nn.maxout({ units: 3, pieces: 2, biasInitializer: "normal" }), [4]),
  "merge.add": { layer: nn.merge.add({ name: "sum" }), inputs: two },
  "merge.average": { layer: nn.merge.average(), inputs: [...two, [1, 4]] },
  "merge.concatenate": { layer: nn.merge.concatenate({ axis: 1 }), inputs: [...two, [2, 4]] },
  "merge.dot": { layer: nn.merge.dot({ axes: [2, 1], normalize: true }), inputs: [[3, 4], [4]] },
  "merge.maximum": { layer: nn.merge.maximum(), inputs: two },
  "merge.minimum": { layer: nn.merge.minimum(), inputs: two },
  "merge.multiply": { layer: nn.merge.multiply(), inputs: two },
  "merge.subtract": { layer: nn.merge.subtract(), inputs: two },
  multiHeadAttention: [
    one(nn.multiHeadAttention({ numHeads: 2, causal: true, dropout: 0.25 }), [3, 4]),
    {
      layer: nn.multiHeadAttention({ numHeads: 1, keyDim: 3, valueDim: 2, useBias: false }),
      inputs: [
        [3, 4],
        [5, 2],
        [5, 3],
      ],
    },
  ],
  permute: one(nn.permute({ dims: [3, 1, 2] }), image),
  positionalEmbedding: [
    one(nn.positionalEmbedding(), [3, 5]),
    one(nn.positionalEmbedding({ encoding: "learned", embeddingsInitializer: "normal" }), [3, 5]),
  ],
  prelu: one(nn.prelu({ alphaInitializer: "uniform", sharedAxes: [1] }), [3, 4]),
  randomContrast: one(nn.randomContrast({ factor: 0.3 }), image),
  randomErasing: one(nn.randomErasing({ factor: 0.75, fillValue: 2 }), image),
  randomFlip: one(nn.randomFlip(), image),
  randomRotation: one(nn.randomRotation({ factor: 0.1, fillMode: "wrap" }), image),
  randomTranslation: one(
    nn.randomTranslation({ heightFactor: 0.3, widthFactor: [0, 0.2], fillMode: "constant", fillValue: 1 }),
    image,
  ),
  randomZoom: one(nn.randomZoom({ heightFactor: 0.3, interpolation: "nearest" }), image),
  repeatVector: one(nn.repeatVector({ n: 3 }), [4]),
  reshape: one(nn.reshape({ targetShape: [2, -1] }), [3, 4]),
  residual: [
    one(
      nn.residual([
        nn.dense({ units: 4, kernelRegularizer: l2 }),
        nn.batchNormalization(),
        nn.dropout({ rate: 0.5 }),
      ]),
      [4],
    ),
    one(nn.residual([nn.dense({ units: 2 })], { shortcut: [nn.dense({ units: 2 })], name: "block" }), [4]),
  ],
  separableConv1d: one(nn.separableConv1d({ filters: 2, kernelSize: 3, depthwiseRegularizer: l2 }), sequence),
  separableConv2d: one(
    nn.separableConv2d({ filters: 2, kernelSize: 3, padding: "same", activation: "softmax", useBias: false }),
    image,
  ),
  simpleRnn: one(
    nn.simpleRnn({ units: 2, useBias: false, activation: { type: "elu", alpha: 0.5 } }),
    sequence,
  ),
  spatialDropout1d: one(nn.spatialDropout1d({ rate: 0.5 }), sequence),
  spatialDropout2d: one(nn.spatialDropout2d({ rate: 0.5 }), image),
  spatialDropout3d: one(nn.spatialDropout3d({ rate: 0.5 }), volume),
  stack: one(
    nn.stack([nn.dense({ units: 3 }), nn.stack([nn.dropout({ rate: 0.5 })], { name: "inner" })], {
      inputShape: [2],
    }),
    [2],
  ),
  timeDistributed: one(nn.timeDistributed(nn.dense({ units: 2, activation: "tanh" })), sequence),
  transformerBlock: [
    one(nn.transformerBlock({ numHeads: 2, units: 3, activation: "tanh", dropout: 0.25 }), [3, 4]),
    one(
      nn.transformerBlock({
        numHeads: 1,
        units: 3,
        activation: { type: "elu", alpha: 0.5 },
        causal: true,
        normalizeFirst: true,
        epsilon: 0.1,
      }),
      [3, 4],
    ),
  ],
  upSampling1d: one(nn.upSampling1d({ size: 3 }), sequence),
  upSampling2d: one(nn.upSampling2d({ interpolation: "bilinear" }), image),
  upSampling3d: one(nn.upSampling3d(), volume),
  zeroPadding1d: one(nn.zeroPadding1d({ padding: [2, 0] }), sequence),
  zeroPadding2d: one(nn.zeroPadding2d({ padding: [[0, 1], 2] }), image),
  zeroPadding3d: one(nn.zeroPadding3d(), volume),
};

/** Exported functions that make no layer. */
const others = ["connect", "describeLayer", "input", "layerFromConfig", "nameLayers"];

const layersOf = (prefix: string, exported: object): string[] =>
  Object.entries(exported).flatMap(([name, value]) => (typeof value === "function" ? [prefix + name] : []));

test("every export that makes a layer has a sample, and every type can be read from a file", () => {
  const makers = [
    ...layersOf("", nn).filter((name) => !others.includes(name)),
    ...layersOf("merge.", nn.merge),
  ];
  expect(Object.keys(samples).sort()).toEqual(makers.sort());
  const types = Object.values(samples)
    .flat()
    .map(({ layer }) => layer.type);
  expect([...new Set(types)].sort()).toEqual([...layerTypes].sort());
});

const all = Object.entries(samples).flatMap(([name, given]) =>
  [given]
    .flat()
    .map((sample): [string, Sample] => [`${name} ${JSON.stringify(sample.layer.config)}`, sample]),
);
const batch = 2;
const key = random.key(5);

function inputsOf({ inputs, ids }: Sample, dtype: "f32" | "f64"): Tensor[] {
  return inputs.map((shape, i) => {
    const keyOfInput = random.foldIn(key, i);
    if (ids !== undefined) return random.randint(keyOfInput, [batch, ...shape], 0, ids);
    return random.normal(keyOfInput, [batch, ...shape], { dtype });
  });
}

function dtypesOf(tree: TensorTree): DType[] {
  return Object.values(tree).flatMap((value) => (value instanceof Tensor ? [value.dtype] : dtypesOf(value)));
}

function numbersOf(tensors: readonly Tensor[]): number[] {
  return tensors.flatMap((value) => [...value.dataSync()]);
}

function expectClose(got: readonly number[], wanted: readonly number[], tolerance: number): void {
  expect(got.length).toBe(wanted.length);
  for (const [i, value] of got.entries()) {
    expect(Math.abs(value - wanted[i])).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(wanted[i])));
  }
}

describe.each(all)("%s", (_, sample) => {
  const { layer, inputs } = sample;

  test("has the shapes it announces, in f32 and f64, compiled as eager", () => {
    for (const dtype of ["f32", "f64"] as const) {
      const { params, state, outputShapes } = layer.init(key, inputs, dtype);
      const given = inputsOf(sample, dtype);
      expect(new Set([...dtypesOf(params), ...dtypesOf(state), dtype])).toEqual(new Set([dtype]));
      for (const training of [false, true]) {
        const apply = (params: TensorTree, given: readonly Tensor[]) =>
          layer.apply({ params, state }, given, { training, key });
        const eager = apply(params, given);
        expect(eager.outputs.map(({ shape }) => shape)).toEqual(
          outputShapes.map((shape) => [batch, ...shape]),
        );
        expect(eager.outputs.map((output) => output.dtype)).toEqual(outputShapes.map(() => dtype));
        expect(eager.penalty?.shape ?? []).toEqual([]);
        expect(dtypesOf(eager.state)).toEqual(dtypesOf(state));
        const compiled = jit(apply)(params, given);
        expectClose(numbersOf(compiled.outputs), numbersOf(eager.outputs), dtype === "f32" ? 1e-5 : 1e-12);
      }
    }
  });

  test("has the gradients of finite differences", () => {
    const { params, state } = layer.init(key, inputs, "f64");
    const given = inputsOf(sample, "f64");
    for (const training of [false, true]) {
      const outputs = (params: TensorTree, given: readonly Tensor[]): Tensor[] => {
        const { outputs, penalty } = layer.apply({ params, state }, given, { training, key });
        return penalty === undefined ? [...outputs] : [...outputs, penalty];
      };
      if (sample.slope === undefined) {
        checkGradients(jit(outputs), [params, given]);
      } else {
        const [slope] = grad((given: readonly Tensor[]) => sum(outputs(params, given)[0]))(given);
        expect(new Set(numbersOf([slope]))).toEqual(new Set([sample.slope]));
      }
    }
  });

  test("is the same after a round trip through JSON", () => {
    const json: Json = JSON.parse(JSON.stringify(describeLayer(layer)));
    const again = layerFromConfig(json);
    expect(JSON.parse(JSON.stringify(describeLayer(again)))).toEqual(json);
    expect([again.name, again.inputShape]).toEqual([layer.name, layer.inputShape]);
    const variables = layer.init(key, inputs, "f32");
    expect(
      numbersOf(again.apply(variables, inputsOf(sample, "f32"), { training: true, key }).outputs),
    ).toEqual(numbersOf(layer.apply(variables, inputsOf(sample, "f32"), { training: true, key }).outputs));
  });

  test("does the same twice, and without training needs no key and keeps its state", () => {
    const variables = layer.init(key, inputs, "f32");
    const given = inputsOf(sample, "f32");
    const first = layer.apply(variables, given);
    expect(numbersOf(layer.apply(variables, given, { key }).outputs)).toEqual(numbersOf(first.outputs));
    expect(first.state).toEqual(variables.state);
    const trained = (): number[] => numbersOf(layer.apply(variables, given, { training: true, key }).outputs);
    expect(trained()).toEqual(trained());
  });

  test("treats each example on its own without training, also under vmap", () => {
    const variables = layer.init(key, inputs, "f64");
    const apply = (given: readonly Tensor[]): readonly Tensor[] => layer.apply(variables, given).outputs;
    const given = inputsOf(sample, "f64");
    const whole = apply(given);
    const alone = apply(given.map((x) => slice(x, [batch - 1])));
    const twice = vmap(apply)(given.map((x) => stack([x, x])));
    for (const [i, output] of whole.entries()) {
      expectClose(numbersOf([alone[i]]), numbersOf([slice(output, [batch - 1])]), 1e-12);
      expectClose(numbersOf([twice[i]]), numbersOf([output, output]), 1e-12);
    }
  });
});
