// A sample of every layer, by the name of its export: the contracts of layers are tested on them.

import type { Layer } from "../src/nn/index.ts";
import * as nn from "../src/nn/index.ts";

/** A layer with inputs that suit it. */
export interface Sample {
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
export const samples: Readonly<Record<string, Sample | readonly Sample[]>> = {
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
export const others: readonly string[] = [
  "connect",
  "customLayer",
  "describeLayer",
  "input",
  "layerFromConfig",
  "nameLayers",
];
