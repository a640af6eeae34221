import { describe, expect, test } from "vitest";
import { iota, ones, random, reshape, std, type Tensor, tensor, zeros } from "../../tensor/index.ts";
import {
  gaussianDropout,
  gaussianNoise,
  type Layer,
  randomContrast,
  randomErasing,
  randomFlip,
  randomRotation,
  randomTranslation,
  randomZoom,
  spatialDropout1d,
  spatialDropout2d,
  spatialDropout3d,
} from "../index.ts";

const nothing = { params: {}, state: {} };

function train(layer: Layer, x: Tensor, seed = 0): Tensor {
  return layer.apply(nothing, [x], { training: true, key: random.key(seed) }).outputs[0];
}

/** Images of the numbers 0, 1, 2 …, all equal. */
function images(count: number, height: number, width: number): Tensor {
  const one = reshape(iota(height * width, 0, "f32"), [1, height, width, 1]);
  return tensor(Array.from({ length: count }, () => [...one.dataSync()]).flat(), {
    shape: [count, height, width, 1],
  });
}

/** The numbers of each image. */
function perImage(x: Tensor): number[][] {
  const values = [...x.dataSync()];
  const size = values.length / x.shape[0];
  return Array.from({ length: x.shape[0] }, (_, i) => values.slice(i * size, (i + 1) * size));
}

const noisy: readonly (readonly [string, Layer, readonly number[]])[] = [
  ["gaussianDropout", gaussianDropout({ rate: 0.5 }), [2, 6]],
  ["gaussianNoise", gaussianNoise({ stddev: 1 }), [2, 6]],
  ["spatialDropout1d", spatialDropout1d({ rate: 0.5 }), [2, 3, 16]],
  ["spatialDropout2d", spatialDropout2d({ rate: 0.5 }), [2, 3, 3, 16]],
  ["spatialDropout3d", spatialDropout3d({ rate: 0.5 }), [2, 2, 2, 2, 16]],
  ["randomContrast", randomContrast({ factor: 0.5 }), [2, 4, 4, 1]],
  ["randomErasing", randomErasing({ fillValue: 2 }), [8, 4, 4, 1]],
  ["randomFlip", randomFlip(), [8, 4, 4, 1]],
  ["randomRotation", randomRotation({ factor: 0.5 }), [2, 4, 4, 1]],
  ["randomTranslation", randomTranslation({ heightFactor: 0.5, widthFactor: 0.5 }), [2, 4, 4, 1]],
  ["randomZoom", randomZoom({ heightFactor: 0.5 }), [2, 4, 4, 1]],
];

test.each(noisy)("%s acts by its key in training, and never else", (type, layer, shape) => {
  const x = random.normal(random.key(9), shape);
  const values = (seed: number): number[] => [...train(layer, x, seed).dataSync()];
  expect(values(1)).not.toEqual([...x.dataSync()]);
  expect(values(1)).not.toEqual(values(2));
  expect(layer.apply(nothing, [x]).outputs[0]).toBe(x);
  expect(layer.apply(nothing, [x], { key: random.key(0) }).outputs[0]).toBe(x);
  expect(() => layer.apply(nothing, [x], { training: true })).toThrow(
    `${type}: got no key, expected a key in training`,
  );
});

test("where nothing is to be done, no key is needed", () => {
  const x = zeros([1, 4, 4, 1]);
  for (const layer of [
    gaussianNoise({ stddev: 0 }),
    gaussianDropout({ rate: 0 }),
    spatialDropout2d({ rate: 0 }),
    randomContrast({ factor: 0 }),
    randomErasing({ factor: 0 }),
  ]) {
    expect(layer.apply(nothing, [x], { training: true }).outputs[0]).toBe(x);
  }
});

test("spatial dropout drops channels as wholes, and keeps the mean", () => {
  const y = train(spatialDropout2d({ rate: 0.25 }), ones([50, 2, 3, 40]));
  expect(new Set(y.dataSync())).toEqual(new Set([0, Math.fround(1 / 0.75)]));
  let dropped = 0;
  for (const image of perImage(y)) {
    for (let channel = 0; channel < 40; channel++) {
      const values = new Set(Array.from({ length: 6 }, (_, place) => image[place * 40 + channel]));
      expect(values.size).toBe(1);
      if (values.has(0)) dropped++;
    }
  }
  // Four standard deviations of the share of 2,000: √(0.25 · 0.75 / 2000) = 0.0097.
  expect(Math.abs(dropped / 2000 - 0.25)).toBeLessThan(0.039);
});

test("Gaussian noise has its deviation, and multiplied that of dropout", () => {
  const deviation = (layer: Layer): number => std(train(layer, ones([100, 100]))).item();
  // Four standard deviations of the estimate: 4 / √20,000 = 0.028 of each.
  expect(Math.abs(deviation(gaussianNoise({ stddev: 0.5 })) / 0.5 - 1)).toBeLessThan(0.028);
  expect(Math.abs(deviation(gaussianDropout({ rate: 0.2 })) / 0.5 - 1)).toBeLessThan(0.028);
});

describe("augmentation", () => {
  test("each image is mirrored or not on its own, in each direction", () => {
    const kinds = (mode: "horizontal" | "vertical" | "horizontalAndVertical"): Set<string> =>
      new Set(perImage(train(randomFlip({ mode }), images(40, 2, 2))).map((image) => image.join("")));
    expect(kinds("horizontal")).toEqual(new Set(["0123", "1032"]));
    expect(kinds("vertical")).toEqual(new Set(["0123", "2301"]));
    expect(kinds("horizontalAndVertical")).toEqual(new Set(["0123", "1032", "2301", "3210"]));
  });

  test("each image has its own amount, within the interval", () => {
    const layer = randomTranslation({
      heightFactor: 0,
      widthFactor: [0.25, 0.5],
      fillMode: "constant",
      fillValue: -9,
    });
    const moved = perImage(train(layer, images(20, 1, 4)));
    expect(new Set(moved.map(String)).size).toBe(20);
    for (const [first, , third, fourth] of moved) {
      expect(first).toBe(-9);
      expect(fourth - third).toBeCloseTo(1, 5);
      expect(fourth).toBeGreaterThanOrEqual(1);
      expect(fourth).toBeLessThanOrEqual(2);
    }
  });

  test.each([
    ["reflect", [1, 0, 0, 1]],
    ["wrap", [2, 3, 0, 1]],
    ["nearest", [0, 0, 0, 1]],
    ["constant", [7, 7, 0, 1]],
  ] as const)("what lies outside: %s", (fillMode, row) => {
    const factors = { heightFactor: [0, 0], widthFactor: [0.5, 0.5] } as const;
    const layer = randomTranslation({ ...factors, fillMode, fillValue: 7 });
    expect(perImage(train(layer, images(1, 1, 4)))).toEqual([row]);
  });

  test("a positive angle is anticlockwise", () => {
    const layer = randomRotation({ factor: [0.25, 0.25], interpolation: "nearest" });
    expect(perImage(train(layer, images(1, 2, 2)))).toEqual([[1, 3, 0, 2]]);
  });

  test("a zoom keeps proportions unless the width has its own factor", () => {
    const zoomed = (widthFactor?: number): number[] =>
      perImage(
        train(
          randomZoom({
            heightFactor: [1, 1],
            fillMode: "constant",
            interpolation: "nearest",
            ...(widthFactor !== undefined && { widthFactor }),
          }),
          ones([1, 4, 4, 1]),
        ),
      )[0];
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b);
    expect(sum(zoomed())).toBe(4);
    expect(sum(zoomed(0))).toBe(8);
  });

  test("contrast spreads the values of each image about their mean, by a factor of its own", () => {
    const spread = perImage(train(randomContrast({ factor: [-0.5, 0.25] }), images(30, 2, 2)));
    const factors = spread.map((image) => {
      expect(image.reduce((a, b) => a + b) / 4).toBeCloseTo(1.5, 5);
      return (image[3] - image[0]) / 3;
    });
    expect(new Set(factors).size).toBe(30);
    expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...factors)).toBeLessThanOrEqual(1.25);
    expect(Math.max(...factors)).toBeGreaterThan(1);
  });

  test("a part of the image's proportions is erased, in a share of the images", () => {
    const cut = perImage(
      train(randomErasing({ factor: 0.5, scale: 0.25, fillValue: -1 }), ones([200, 8, 12, 1])),
    );
    const erased = cut.map((image) => image.filter((value) => value === -1).length);
    const touched = erased.filter((count) => count > 0).length;
    // Four standard deviations of 200 coins: 28.
    expect(Math.abs(touched - 100)).toBeLessThan(29);
    expect(Math.max(...erased)).toBe(4 * 6);
    for (const image of cut) {
      const places = image.flatMap((value, place) => (value === -1 ? [place] : []));
      const rows = new Set(places.map((place) => Math.floor(place / 12)));
      const columns = new Set(places.map((place) => place % 12));
      expect(places.length).toBe(rows.size * columns.size);
      expect(rows.size).toBeLessThanOrEqual(4);
      expect(columns.size).toBeLessThanOrEqual(6);
    }
    const sizes = train(randomErasing({ fillValue: -1 }), ones([50, 20, 20, 1]));
    const shares = perImage(sizes).map((image) => image.filter((value) => value === -1).length / 400);
    expect(new Set(shares).size).toBeGreaterThan(20);
    expect(Math.max(...shares)).toBeLessThan(0.37);
  });
});
