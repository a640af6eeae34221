import { expect, test } from "vitest";
import { NeuriteError, ones, random } from "../tensor/index.ts";
import {
  activation,
  activationNames,
  activations,
  avgPool2d,
  conv2d,
  dense,
  dropout,
  flatten,
  type Json,
  type Layer,
  layerFromConfig,
  maxPool2d,
} from "./index.ts";

/** A layer from options as JavaScript or a file may give them. */
function read(type: string, config: { readonly [option: string]: Json }): Layer {
  return layerFromConfig({ type, config });
}

test.each<[string, () => unknown]>([
  ["dense: got units: 0, expected a positive integer", () => dense({ units: 0 })],
  ["dense: got units: 2.5, expected a positive integer", () => dense({ units: 2.5 })],
  ["dense: got units: nothing, expected a positive integer", () => read("dense", {})],
  ["dense: unknown option: got 'unit', expected", () => read("dense", { unit: 3 })],
  ["did you mean 'units'?", () => read("dense", { unit: 3 })],
  ["did you mean 'softmax'?", () => read("dense", { units: 3, activation: "sotfmax" })],
  ['dense: got useBias: "yes", expected true or false', () => read("dense", { units: 3, useBias: "yes" })],
  ["did you mean 'heNormal'?", () => read("dense", { units: 3, kernelInitializer: "heNromal" })],
  ["dense: got name: 7, expected a string", () => read("dense", { units: 3, name: 7 })],
  [
    "dense: got inputShape: [4,-1], expected a list of positive integers",
    () => dense({ units: 1, inputShape: [4, -1] }),
  ],
  ["dense: got inputShape: 4, expected a list", () => read("dense", { units: 1, inputShape: 4 })],
  [
    "conv2d: got kernelSize: [3,3,3], expected a positive integer, or two",
    () => read("conv2d", { filters: 1, kernelSize: [3, 3, 3] }),
  ],
  [
    "conv2d: got filters: 3, groups: 2, expected filters a multiple of 2",
    () => conv2d({ filters: 3, kernelSize: 1, groups: 2 }),
  ],
  [
    "conv2d: padding: got 'some', expected one of 'valid', 'same'; did you mean 'same'?",
    () => read("conv2d", { filters: 1, kernelSize: 1, padding: "some" }),
  ],
  ["maxPool2d: got poolSize: 0, expected", () => maxPool2d({ poolSize: 0 })],
  ['avgPool2d: got strides: "2", expected', () => read("avgPool2d", { strides: "2" })],
  ["dropout: got rate: 1, expected a number from 0 to below 1", () => dropout({ rate: 1 })],
  ["dropout: got rate: -0.1, expected a number from 0 to below 1", () => dropout({ rate: -0.1 })],
  ["dropout: got rate: nothing, expected a finite number", () => read("dropout", {})],
  ["did you mean 'relu'?", () => read("activation", { activation: "rleu" })],
  ["flatten: unknown option: got 'axis'", () => read("flatten", { axis: 1 })],
  ["layer type: got 'danse', expected one of", () => read("danse", {})],
  ["did you mean 'dense'?", () => read("danse", {})],
  ["layer type: got 'toString'", () => read("toString", {})],
  ["layerFromConfig: got 3, expected", () => layerFromConfig(3)],
  ['layerFromConfig: got {"type":"dense"}, expected', () => layerFromConfig({ type: "dense" })],
  ['layerFromConfig: got {"layers":3}, expected', () => read("stack", { layers: 3 })],
])("%s", (message, make) => {
  expect(make).toThrow(NeuriteError);
  expect(make).toThrow(message);
});

test.each<[string, Layer, readonly (readonly number[])[]]>([
  ["dense: got an input of shape [], expected at least one axis", dense({ units: 1 }), [[]]],
  ["dense: got 2 inputs, expected one", dense({ units: 1 }), [[2], [3]]],
  [
    "conv2d: got an input of shape [8, 8], expected [height, width, channels]; give grey images a last axis of 1: reshape them to [n, height, width, 1]",
    conv2d({ filters: 1, kernelSize: 3 }),
    [[8, 8]],
  ],
  [
    "conv2d: got an input of shape [8, 8, 3], expected a number of channels that 2 groups divide",
    conv2d({ filters: 2, kernelSize: 3, groups: 2 }),
    [[8, 8, 3]],
  ],
  [
    "conv2d: got an input of shape [4, 9, 1], expected at least the window, [5, 3]",
    conv2d({ filters: 1, kernelSize: [3, 2], dilationRate: 2 }),
    [[4, 9, 1]],
  ],
  [
    "maxPool2d: got an input of shape [1, 1, 3], expected at least the window, [2, 2]",
    maxPool2d(),
    [[1, 1, 3]],
  ],
  ["avgPool2d: got an input of shape [6], expected [height, width, channels]", avgPool2d(), [[6]]],
])("%s", (message, layer, shapes) => {
  expect(() => layer.init(random.key(0), shapes, "f32")).toThrow(message);
});

test("parameters are floats", () => {
  expect(() => dense({ units: 1 }).init(random.key(0), [[2]], "i32")).toThrow(
    "got dtype i32, expected f32 or f64",
  );
});

test("a layer takes one input", () => {
  expect(() => flatten().apply({ params: {}, state: {} }, [ones([1]), ones([1])])).toThrow(
    "flatten: got 2 inputs, expected one",
  );
});

test("every activation has a place in the list of names", () => {
  expect([...activationNames].sort()).toEqual(Object.keys(activations).sort());
  for (const name of activationNames) {
    expect(activation(name).apply({ params: {}, state: {} }, [ones([2, 3])]).outputs[0].shape).toEqual([
      2, 3,
    ]);
  }
});
