import { expect, test } from "vitest";
import { jit, NeuriteError, ones, random, type Tensor, tensor } from "../tensor/index.ts";
import {
  batchNormalization,
  conv1d,
  conv2dTranspose,
  conv3d,
  cropping1d,
  cropping2d,
  dense,
  depthwiseConv2d,
  embedding,
  gaussianNoise,
  globalAvgPool2d,
  groupNormalization,
  type Json,
  type Layer,
  layerFromConfig,
  layerNormalization,
  localResponseNormalization,
  maxout,
  maxPool1d,
  merge,
  permute,
  prelu,
  randomContrast,
  randomErasing,
  randomFlip,
  randomTranslation,
  regularizers,
  repeatVector,
  reshape,
  residual,
  separableConv2d,
  spatialDropout1d,
  upSampling2d,
  zeroPadding2d,
} from "./index.ts";

/** A layer from options as JavaScript or a file may give them. */
function read(type: string, config: { readonly [option: string]: Json }): Layer {
  return layerFromConfig({ type, config });
}

test.each<[string, () => unknown]>([
  [
    "activation: activation: got 'leakyRelo', expected one of",
    () => read("activation", { activation: "leakyRelo" }),
  ],
  ["did you mean 'leakyRelu'?", () => read("dense", { units: 1, activation: { type: "leakyRely" } })],
  [
    "activation: activation: got 3, expected a name, or {type, …}",
    () => read("activation", { activation: 3 }),
  ],
  ["activation: activation: got undefined, expected a name", () => read("activation", {})],
  [
    "dense: activation 'elu': unknown option: got 'alfa', expected one of 'alpha'; did you mean 'alpha'?",
    () => read("dense", { units: 1, activation: { type: "elu", alfa: 2 } }),
  ],
  [
    "activation: activation 'elu': got alpha: \"2\", expected a finite number",
    () => read("activation", { activation: { type: "elu", alpha: "2" } }),
  ],
  [
    "activation: activation 'sign': got straightThrough: 1, expected true or false",
    () => read("activation", { activation: { type: "sign", straightThrough: 1 } }),
  ],
  ["unknown option: got 'slope'", () => read("activation", { activation: { type: "relu", slope: 1 } })],
  ["l2: got l2: -1, expected a number from 0", () => regularizers.l2({ l2: -1 })],
  ["l1l2: got l1: NaN, expected a number from 0", () => regularizers.l1l2({ l1: Number.NaN })],
  [
    "regularizer: got 'l3', expected one of 'l1', 'l2'",
    () => read("dense", { units: 1, kernelRegularizer: "l3" }),
  ],
  [
    "regularizer: got 0.1, expected a name, or a regularizer such as",
    () => read("dense", { units: 1, biasRegularizer: 0.1 }),
  ],
  [
    "conv1d: got kernelSize: [3,3], expected a positive integer",
    () => read("conv1d", { filters: 1, kernelSize: [3, 3] }),
  ],
  [
    "conv3d: got kernelSize: [3,3], expected a positive integer, or three of them for depth, height and width",
    () => read("conv3d", { filters: 1, kernelSize: [3, 3] }),
  ],
  [
    "conv2d: padding: got 'causal', expected",
    () => read("conv2d", { filters: 1, kernelSize: 3, padding: "causal" }),
  ],
  [
    "separableConv2d: got depthMultiplier: 0, expected",
    () => separableConv2d({ filters: 1, kernelSize: 3, depthMultiplier: 0 }),
  ],
  [
    "separableConv2d: unknown option: got 'kernelInitializer'",
    () => read("separableConv2d", { filters: 1, kernelSize: 1, kernelInitializer: "ones" }),
  ],
  ["zeroPadding2d: got padding: -1, expected an integer from 0", () => zeroPadding2d({ padding: -1 })],
  [
    "zeroPadding2d: got padding: [1,[2,3,4]], expected",
    () => read("zeroPadding2d", { padding: [1, [2, 3, 4]] }),
  ],
  ["cropping1d: got cropping: nothing, expected", () => read("cropping1d", {})],
  [
    "upSampling2d: interpolation: got 'linear', expected one of 'nearest', 'bilinear'",
    () => read("upSampling2d", { interpolation: "linear" }),
  ],
  ["reshape: got targetShape: [-1,-1], expected positive integers", () => reshape({ targetShape: [-1, -1] })],
  ['reshape: got targetShape: "4", expected a list of integers', () => read("reshape", { targetShape: "4" })],
  ["permute: got dims: [0,1], expected each integer from 1 to 2 once", () => permute({ dims: [0, 1] })],
  [
    "batchNormalization: got momentum: 1.5, expected a number from 0 to 1",
    () => batchNormalization({ momentum: 1.5 }),
  ],
  [
    "layerNormalization: got epsilon: -1, expected a number from 0",
    () => layerNormalization({ epsilon: -1 }),
  ],
  [
    "localResponseNormalization: got depthRadius: 0.5",
    () => localResponseNormalization({ depthRadius: 0.5 }),
  ],
  ["spatialDropout1d: got rate: 1, expected a number from 0 to below 1", () => spatialDropout1d({ rate: 1 })],
  ["gaussianNoise: got stddev: -1, expected a number from 0", () => gaussianNoise({ stddev: -1 })],
  ["embedding: got inputDim: nothing", () => read("embedding", { outputDim: 3 })],
  ["maxout: got pieces: 0", () => maxout({ units: 1, pieces: 0 })],
  ["randomFlip: mode: got 'horizontl'", () => read("randomFlip", { mode: "horizontl" })],
  [
    "randomTranslation: got heightFactor: [1,0], expected a number from 0, or [low, high]",
    () => randomTranslation({ heightFactor: [1, 0], widthFactor: 0 }),
  ],
  [
    "randomTranslation: got heightFactor: -0.1, expected a number from 0",
    () => randomTranslation({ heightFactor: -0.1, widthFactor: 0 }),
  ],
  [
    "randomTranslation: fillMode: got 'mirror'",
    () => read("randomTranslation", { heightFactor: 0, widthFactor: 0, fillMode: "mirror" }),
  ],
  [
    "randomZoom: got heightFactor: [-1,1], expected numbers above −1",
    () => read("randomZoom", { heightFactor: 1 }),
  ],
  ["randomRotation: got factor: nothing", () => read("randomRotation", {})],
  [
    "randomContrast: got factor: [-2,0], expected a contrast of 0 at least",
    () => randomContrast({ factor: [-2, 0] }),
  ],
  ["randomErasing: got scale: 2, expected a share from 0 to 1", () => randomErasing({ scale: 2 })],
  ["randomErasing: got factor: 2, expected a number from 0 to 1", () => randomErasing({ factor: 2 })],
  ["dot: got axes: [1,2,3], expected one axis for both inputs", () => read("dot", { axes: [1, 2, 3] })],
  ['layerFromConfig: got {"layers":[]}, expected', () => read("residual", { layers: [] })],
  ["layer type: got 'addd'", () => read("addd", {})],
])("%s", (message, make) => {
  expect(make).toThrow(NeuriteError);
  expect(make).toThrow(message);
});

test.each<[string, Layer, readonly (readonly number[])[]]>([
  [
    "conv1d: got an input of shape [8], expected [length, channels]; give sequences of numbers a last axis of 1: reshape them to [n, length, 1]",
    conv1d({ filters: 1, kernelSize: 3 }),
    [[8]],
  ],
  [
    "conv3d: got an input of shape [8, 8, 1], expected [depth, height, width, channels]",
    conv3d({ filters: 1, kernelSize: 3 }),
    [[8, 8, 1]],
  ],
  [
    "depthwiseConv2d: got an input of shape [2, 2, 1], expected at least the window, [3, 3]",
    depthwiseConv2d({ kernelSize: 3 }),
    [[2, 2, 1]],
  ],
  [
    "separableConv2d: got an input of shape [2, 2, 1], expected at least the window, [3, 3]",
    separableConv2d({ filters: 1, kernelSize: 3 }),
    [[2, 2, 1]],
  ],
  [
    "conv2dTranspose: got an input of shape [4], expected [height, width, channels]",
    conv2dTranspose({ filters: 1, kernelSize: 3 }),
    [[4]],
  ],
  ["maxPool1d: got an input of shape [1, 2], expected at least the window, [2]", maxPool1d(), [[1, 2]]],
  [
    "globalAvgPool2d: got an input of shape [3], expected [height, width, channels]",
    globalAvgPool2d(),
    [[3]],
  ],
  ["zeroPadding2d: got an input of shape [3], expected", zeroPadding2d(), [[3]]],
  [
    "cropping1d: got an input of shape [2, 1], expected more than the [[1,1]] that are cut off",
    cropping1d({ cropping: 1 }),
    [[2, 1]],
  ],
  [
    "cropping2d: got an input of shape [4, 2, 1], expected more than the [[0,0],[1,1]]",
    cropping2d({ cropping: [0, 1] }),
    [[4, 2, 1]],
  ],
  ["upSampling2d: got an input of shape [2, 2], expected", upSampling2d(), [[2, 2]]],
  [
    "reshape: got an input of shape [5], expected one with as many values as [2,-1]",
    reshape({ targetShape: [2, -1] }),
    [[5]],
  ],
  [
    "permute: got an input of shape [2, 3, 4], expected one with 2 axes",
    permute({ dims: [2, 1] }),
    [[2, 3, 4]],
  ],
  ["repeatVector: got an input of shape [2, 3], expected [features]", repeatVector({ n: 2 }), [[2, 3]]],
  ["batchNormalization: got an input of shape [], expected at least one axis", batchNormalization(), [[]]],
  ["layerNormalization: got axis 3 of a tensor with 2 axes", layerNormalization({ axis: 3 }), [[4]]],
  [
    "layerNormalization: got axis: [0], expected axes other than the batch",
    layerNormalization({ axis: 0 }),
    [[4]],
  ],
  [
    "groupNormalization: got an input of shape [2, 6], expected a number of channels that 4 groups divide",
    groupNormalization({ groups: 4 }),
    [[2, 6]],
  ],
  ["prelu: got sharedAxes: [2], expected axes from 1 to 1", prelu({ sharedAxes: [2] }), [[4]]],
  ["maxout: got an input of shape [], expected at least one axis", maxout({ units: 1 }), [[]]],
  ["randomFlip: got an input of shape [4], expected [height, width, channels]", randomFlip(), [[4]]],
  [
    "spatialDropout1d: got an input of shape [4], expected [length, channels]",
    spatialDropout1d({ rate: 0.5 }),
    [[4]],
  ],
  ["add: got 1 inputs, expected two or more", merge.add(), [[4]]],
  ["subtract: got 3 inputs, expected two", merge.subtract(), [[4], [4], [4]]],
  [
    "multiply: got inputs of shapes [4] and [3, 4], expected equal numbers of axes",
    merge.multiply(),
    [[4], [3, 4]],
  ],
  ["average: got shapes [4] and [3], expected shapes that broadcast", merge.average(), [[4], [3]]],
  [
    "concatenate: got inputs of shapes [4, 2] and [3, 2], expected shapes that differ along axis -1 only",
    merge.concatenate(),
    [
      [4, 2],
      [3, 2],
    ],
  ],
  [
    "concatenate: got axis: 0, expected another axis than that of the batch",
    merge.concatenate({ axis: 0 }),
    [[4], [4]],
  ],
  [
    "dot: got inputs of shapes [4] and [3], expected equal extents along axes 1 and 1",
    merge.dot({ axes: 1 }),
    [[4], [3]],
  ],
  [
    "residual: got layers that give [3], beside [4], expected equal shapes; give a shortcut",
    residual([dense({ units: 3 })]),
    [[4]],
  ],
])("%s", (message, layer, shapes) => {
  const init = (): unknown => layer.init(random.key(0), shapes, "f32");
  expect(init).toThrow(NeuriteError);
  expect(init).toThrow(message);
});

test("errors inside a residual block name the way and the layer", () => {
  const block = residual([dense({ units: 2, name: "hidden" })], { name: "block" });
  const { params, state } = block.init(random.key(0), [[2]], "f32");
  expect(() => block.apply({ params, state }, [ones([1, 3])])).toThrow(
    "; in layer 'hidden'; in layer 'body'",
  );
});

test("ids out of range are reported, also compiled; ids that are no integers before anything runs", () => {
  const layer = embedding({ inputDim: 3, outputDim: 2 });
  const variables = layer.init(random.key(0), [[1]], "f32");
  const lookUp = (ids: number[]) => (): unknown =>
    layer.apply(variables, [tensor([ids], { dtype: "i32" })]).outputs[0].toArray();
  expect(lookUp([0, 2])).not.toThrow();
  for (const ids of [[3], [-1]]) expect(lookUp(ids)).toThrow(/index .*out of range|out of range/);
  const compiled = jit((ids: Tensor) => layer.apply(variables, [ids]).outputs[0]);
  expect(() => compiled(tensor([[0, 5]], { dtype: "i32" })).toArray()).toThrow(/out of range/);
  expect(() => layer.apply(variables, [tensor([[1, 2]])])).toThrow(
    'embedding: got ids of dtype f32, expected integers; make them with tensor(ids, { dtype: "i32" })',
  );
});
