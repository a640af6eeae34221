import {
  abs,
  add,
  and,
  flip,
  iota,
  lt,
  mean,
  mul,
  random,
  reshape,
  select,
  sqrt,
  sub,
  type Tensor,
} from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { noiseLayer } from "../noise/noise.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { spatialShape } from "../windows.ts";
import type { Factor } from "./random-geometry.ts";

/** Along which axes images are mirrored. */
export type FlipMode = "horizontal" | "vertical" | "horizontalAndVertical";

/** Options of `randomFlip`. */
export interface RandomFlipOptions extends LayerOptions {
  /** `horizontal` changes left and right; default `horizontalAndVertical`, each on its own. */
  readonly mode?: FlipMode;
}

/**
 * In training, mirrors every image [height, width, channels] or not, each with probability ½ (lecture 4, "Data
 * Augmentation"); at all other times the identity. Throws for other input shapes, and in training without a key.
 *
 * @example
 * ```ts
 * import { randomFlip } from "neurite/nn";
 *
 * const mirrored = randomFlip({ mode: "horizontal" });
 * const nothing = { params: {}, state: {} };
 * const [y] = mirrored.apply(nothing, [ones([2, 8, 8, 1])], { training: true, key: random.key(0) }).outputs;
 * ```
 */
export function randomFlip(options: RandomFlipOptions = {}): Layer {
  return randomFlipFrom(options);
}

/** `randomFlip` from options that were read. */
export function randomFlipFrom(options: object): Layer {
  const read = new OptionsReader("randomFlip", options, ["mode"]);
  const modes: readonly FlipMode[] = ["horizontal", "vertical", "horizontalAndVertical"];
  const mode = read.choice("mode", modes, "horizontalAndVertical");
  const axes = { horizontal: [2], vertical: [1], horizontalAndVertical: [1, 2] }[mode];
  return noiseLayer(read, {
    config: { mode },
    isActive: true,
    check: (input) => spatialShape("randomFlip", input, 2),
    change: (images, key) =>
      axes.reduce((mirrored, axis) => {
        const chosen = random.bernoulli(random.foldIn(key, axis), 0.5, perImage(images));
        return select(chosen, flip(mirrored, axis), mirrored);
      }, images),
  });
}

/** Options of `randomContrast`. */
export interface RandomContrastOptions extends LayerOptions {
  /** The contrast is drawn from 1 − factor to 1 + factor, or from 1 + low to 1 + high. */
  readonly factor: Factor;
}

/**
 * In training, makes every image [height, width, channels] paler or stronger by a random factor of its own:
 * (x − mean) · factor + mean, with the mean of each channel; at all other times the identity. Values are not cut off. Throws
 * for other input shapes, and in training without a key.
 *
 * @example
 * ```ts
 * import { randomContrast } from "neurite/nn";
 *
 * const paler = randomContrast({ factor: [-0.5, 0] });
 * ```
 */
export function randomContrast(options: RandomContrastOptions): Layer {
  return randomContrastFrom(options);
}

/** `randomContrast` from options that were read. */
export function randomContrastFrom(options: object): Layer {
  const read = new OptionsReader("randomContrast", options, ["factor"]);
  const factor = read.interval("factor");
  const [low, high] = factor;
  if (low < -1) throw read.unfit("factor", factor, "a contrast of 0 at least");
  return noiseLayer(read, {
    config: { factor },
    isActive: low < high || low !== 0,
    check: (input) => spatialShape("randomContrast", input, 2),
    change: (images, key) => {
      const middle = mean(images, { axis: [1, 2], keepDims: true });
      return add(mul(sub(images, middle), uniform(key, images, 1 + low, 1 + high)), middle);
    },
  });
}

/** Options of `randomErasing`. */
export interface RandomErasingOptions extends LayerOptions {
  /** The probability with which an image loses a part; default 1. */
  readonly factor?: number;
  /** The area of the part as a share of the image, or the interval it is drawn from; default [0.02, 0.33]. */
  readonly scale?: number | readonly [low: number, high: number];
  /** What takes its place; default 0. */
  readonly fillValue?: number;
}

/**
 * In training, erases a part of every image [height, width, channels] that has the image's proportions and lies around a
 * random pixel: cut-out (DeVries and Taylor 2017), with a random size random erasing (Zhong et al. 2020); at all other times
 * the identity. Throws for options and input shapes that do not fit, and in training without a key.
 *
 * @example
 * ```ts
 * import { randomErasing } from "neurite/nn";
 *
 * const cutOut = randomErasing({ scale: 0.25 }); // half of the height times half of the width
 * ```
 */
export function randomErasing(options: RandomErasingOptions = {}): Layer {
  return randomErasingFrom(options);
}

/** `randomErasing` from options that were read. */
export function randomErasingFrom(options: object): Layer {
  const read = new OptionsReader("randomErasing", options, ["factor", "scale", "fillValue"]);
  const factor = read.number("factor", 1);
  if (factor < 0 || factor > 1) throw read.unfit("factor", factor, "a number from 0 to 1");
  const given = read.value("scale");
  const scale = typeof given === "number" ? ([given, given] as const) : read.interval("scale", [0.02, 0.33]);
  const [low, high] = scale;
  if (!(low >= 0 && high <= 1)) throw read.unfit("scale", given, "a share from 0 to 1, or [low, high]");
  const fillValue = read.number("fillValue", 0);
  return noiseLayer(read, {
    config: { factor, scale, fillValue },
    isActive: factor > 0 && high > 0,
    check: (input) => spatialShape("randomErasing", input, 2),
    change: (images, key) => {
      const [keyOfChoice, keyOfScale, keyOfRow, keyOfColumn] = random.split(key, 4);
      const side = sqrt(uniform(keyOfScale, images, low, high));
      const chosen = random.bernoulli(keyOfChoice, factor, perImage(images));
      const within = (axis: 1 | 2, key: Tensor): Tensor => {
        const extent = images.shape[axis];
        const centres = add(iota(extent, 0, images.dtype), 0.5);
        const places = reshape(centres, axis === 1 ? [1, extent, 1, 1] : [1, 1, extent, 1]);
        return lt(abs(sub(places, uniform(key, images, 0, extent))), mul(side, extent / 2));
      };
      const erased = and(chosen, and(within(1, keyOfRow), within(2, keyOfColumn)));
      return select(erased, fillValue, images);
    },
  });
}

function perImage(images: Tensor): number[] {
  return [images.shape[0], 1, 1, 1];
}

function uniform(key: Tensor, images: Tensor, minimum: number, maximum: number): Tensor {
  const dtype = images.dtype === "f64" ? "f64" : "f32";
  return random.uniform(key, perImage(images), { minimum, maximum, dtype });
}
