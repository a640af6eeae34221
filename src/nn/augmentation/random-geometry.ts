import { add, cos, iota, mul, random, sin, sub, type Tensor } from "../../tensor/index.ts";
import type { Layer, LayerConfig } from "../layer.ts";
import { noiseLayer } from "../noise/noise.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { spatialShape } from "../windows.ts";
import { resample, type Sampling, samplingOf, samplingOptions } from "./resample.ts";

/** From where to where a random amount lies: one number for both sides of 0, or both ends. */
export type Factor = number | readonly [low: number, high: number];

/** Options of `randomTranslation`. */
export interface RandomTranslationOptions extends LayerOptions, Sampling {
  /** How far down, as a share of the height. */
  readonly heightFactor: Factor;
  /** How far to the right, as a share of the width. */
  readonly widthFactor: Factor;
}

/**
 * In training, moves every image [height, width, channels] by a random amount of its own (lecture 4, "Data Augmentation"); at
 * all other times the identity. Throws for other input shapes, and in training without a key.
 *
 * @example
 * ```ts
 * import { conv2d, randomTranslation, stack } from "neurite/nn";
 *
 * const shifted = randomTranslation({ heightFactor: 0.1, widthFactor: 0.1, fillMode: "constant" });
 * const network = stack([shifted, conv2d({ filters: 8, kernelSize: 3 })]);
 * ```
 */
export function randomTranslation(options: RandomTranslationOptions): Layer {
  return randomTranslationFrom(options);
}

/** `randomTranslation` from options that were read. */
export function randomTranslationFrom(options: object): Layer {
  const read = reader("randomTranslation", options, "heightFactor", "widthFactor");
  const heightFactor = read.interval("heightFactor");
  const widthFactor = read.interval("widthFactor");
  return movingLayer(read, { heightFactor, widthFactor }, (grid, drawn) => ({
    y: sub(grid.y, mul(drawn(heightFactor), grid.height)),
    x: sub(grid.x, mul(drawn(widthFactor), grid.width)),
  }));
}

/** Options of `randomRotation`. */
export interface RandomRotationOptions extends LayerOptions, Sampling {
  /** The angle as a share of a full turn; positive is anticlockwise. */
  readonly factor: Factor;
}

/**
 * In training, turns every image [height, width, channels] about its centre by a random angle of its own (lecture 4, "Data
 * Augmentation"); at all other times the identity. Throws for other input shapes, and in training without a key.
 *
 * @example
 * ```ts
 * import { randomRotation } from "neurite/nn";
 *
 * const turned = randomRotation({ factor: 15 / 360 }); // up to 15 degrees
 * ```
 */
export function randomRotation(options: RandomRotationOptions): Layer {
  return randomRotationFrom(options);
}

/** `randomRotation` from options that were read. */
export function randomRotationFrom(options: object): Layer {
  const read = reader("randomRotation", options, "factor");
  const factor = read.interval("factor");
  return movingLayer(read, { factor }, ({ y, x, middle }, drawn) => {
    const angle = mul(drawn(factor), 2 * Math.PI);
    const [down, right] = [sub(y, middle.y), sub(x, middle.x)];
    const [c, s] = [cos(angle), sin(angle)];
    return {
      y: add(add(mul(s, right), mul(c, down)), middle.y),
      x: add(sub(mul(c, right), mul(s, down)), middle.x),
    };
  });
}

/** Options of `randomZoom`. */
export interface RandomZoomOptions extends LayerOptions, Sampling {
  /** How much more of the height is seen: positive makes things smaller, negative larger. */
  readonly heightFactor: Factor;
  /** The same for the width; default as the height, by the same amount. */
  readonly widthFactor?: Factor;
}

/**
 * In training, makes every image [height, width, channels] smaller or larger about its centre by a random amount of its own
 * (lecture 4, "Data Augmentation"); at all other times the identity. Throws for factors of −1 and below, for other input
 * shapes, and in training without a key.
 *
 * @example
 * ```ts
 * import { randomZoom } from "neurite/nn";
 *
 * const zoomed = randomZoom({ heightFactor: [-0.2, 0.1] });
 * ```
 */
export function randomZoom(options: RandomZoomOptions): Layer {
  return randomZoomFrom(options);
}

/** `randomZoom` from options that were read. */
export function randomZoomFrom(options: object): Layer {
  const read = reader("randomZoom", options, "heightFactor", "widthFactor");
  const heightFactor = zoomOf(read, "heightFactor");
  const widthFactor = read.value("widthFactor") === undefined ? undefined : zoomOf(read, "widthFactor");
  const config = { heightFactor, ...(widthFactor && { widthFactor }) };
  return movingLayer(read, config, ({ y, x, middle }, drawn) => {
    const tall = add(drawn(heightFactor), 1);
    const wide = widthFactor === undefined ? tall : add(drawn(widthFactor), 1);
    return {
      y: add(mul(sub(y, middle.y), tall), middle.y),
      x: add(mul(sub(x, middle.x), wide), middle.x),
    };
  });
}

function zoomOf(read: OptionsReader, option: string): Interval {
  const interval = read.interval(option);
  if (interval[0] > -1) return interval;
  throw read.unfit(option, interval, "numbers above −1, where nothing is seen");
}

function reader(type: string, options: object, ...own: string[]): OptionsReader {
  return new OptionsReader(type, options, [...own, ...samplingOptions]);
}

/** Rows and columns in pixels, each broadcast to [batch, height, width]. */
interface Places {
  readonly y: Tensor;
  readonly x: Tensor;
}

/** The pixels of the output. */
interface Grid extends Places {
  readonly height: number;
  readonly width: number;
  readonly middle: { readonly y: number; readonly x: number };
}

type Interval = readonly [low: number, high: number];

/** Reads each image at the places of the input that `placesOf` gives; `drawn` draws one number of an interval per image. */
function movingLayer(
  read: OptionsReader,
  config: LayerConfig,
  placesOf: (grid: Grid, drawn: (interval: Interval) => Tensor) => Places,
): Layer {
  const sampling = samplingOf(read);
  return noiseLayer(read, {
    config: { ...config, ...sampling },
    isActive: true,
    check: (input) => spatialShape(read.type, input, 2),
    change: (images, key) => {
      const [count, height, width] = images.shape;
      const dtype = images.dtype === "f64" ? "f64" : "f32";
      let draws = 0;
      const drawn = ([minimum, maximum]: Interval): Tensor =>
        random.uniform(random.foldIn(key, draws++), [count, 1, 1], { minimum, maximum, dtype });
      const grid = {
        y: iota([1, height, 1], 1, dtype),
        x: iota([1, 1, width], 2, dtype),
        height,
        width,
        middle: { y: (height - 1) / 2, x: (width - 1) / 2 },
      };
      const { y, x } = placesOf(grid, drawn);
      return resample(images, y, x, sampling);
    },
  });
}
