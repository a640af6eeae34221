import { pad, type Shape, slice } from "../../tensor/index.ts";
import type { Layer } from "../layer.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { singleLayer, unfitInput } from "../single.ts";
import { type SpatialRank, spatialShape } from "../windows.ts";

/** How many positions at both ends of an axis, or at its beginning and its end. */
export type Sides = number | readonly [low: number, high: number];

/** Options of `zeroPadding1d`. */
export interface ZeroPadding1dOptions extends LayerOptions {
  /** How many zeros at each end, or in front and behind; default 1. */
  readonly padding?: Sides;
}

/** Options of `zeroPadding2d`. */
export interface ZeroPadding2dOptions extends LayerOptions {
  /** How many zeros on every side, or for each axis; default 1. */
  readonly padding?: number | readonly [height: Sides, width: Sides];
}

/** Options of `zeroPadding3d`. */
export interface ZeroPadding3dOptions extends LayerOptions {
  /** How many zeros on every side, or for each axis; default 1. */
  readonly padding?: number | readonly [depth: Sides, height: Sides, width: Sides];
}

/** Options of `cropping1d`. */
export interface Cropping1dOptions extends LayerOptions {
  /** How many positions are cut off at each end, or in front and behind. */
  readonly cropping: Sides;
}

/** Options of `cropping2d`. */
export interface Cropping2dOptions extends LayerOptions {
  /** How many positions are cut off on every side, or for each axis. */
  readonly cropping: number | readonly [height: Sides, width: Sides];
}

/** Options of `cropping3d`. */
export interface Cropping3dOptions extends LayerOptions {
  /** How many positions are cut off on every side, or for each axis. */
  readonly cropping: number | readonly [depth: Sides, height: Sides, width: Sides];
}

/**
 * Zeros in front of sequences and behind: [batch, length, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { zeroPadding1d } from "neurite/nn";
 *
 * const { outputShapes } = zeroPadding1d({ padding: [2, 0] }).init(random.key(0), [[10, 4]], "f32"); // [[12, 4]]
 * ```
 */
export function zeroPadding1d(options: ZeroPadding1dOptions = {}): Layer {
  return zeroPadding1dFrom(options);
}

/**
 * Zeros around images: [batch, height, width, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { zeroPadding2d } from "neurite/nn";
 *
 * const layer = zeroPadding2d({ padding: [1, [0, 2]] });
 * const { outputShapes } = layer.init(random.key(0), [[8, 8, 3]], "f32"); // [[10, 10, 3]]
 * ```
 */
export function zeroPadding2d(options: ZeroPadding2dOptions = {}): Layer {
  return zeroPadding2dFrom(options);
}

/**
 * Zeros around volumes: [batch, depth, height, width, channels]. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { zeroPadding3d } from "neurite/nn";
 *
 * const { outputShapes } = zeroPadding3d().init(random.key(0), [[2, 8, 8, 3]], "f32"); // [[4, 10, 10, 3]]
 * ```
 */
export function zeroPadding3d(options: ZeroPadding3dOptions = {}): Layer {
  return zeroPadding3dFrom(options);
}

/**
 * Sequences [batch, length, channels] without their ends. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { cropping1d } from "neurite/nn";
 *
 * const { outputShapes } = cropping1d({ cropping: [2, 0] }).init(random.key(0), [[10, 4]], "f32"); // [[8, 4]]
 * ```
 */
export function cropping1d(options: Cropping1dOptions): Layer {
  return cropping1dFrom(options);
}

/**
 * Images [batch, height, width, channels] without their borders. Throws for options and input shapes that do not fit.
 *
 * @example
 * ```ts
 * import { cropping2d } from "neurite/nn";
 *
 * const { outputShapes } = cropping2d({ cropping: [1, [0, 2]] }).init(random.key(0), [[8, 8, 3]], "f32"); // [[6, 6, 3]]
 * ```
 */
export function cropping2d(options: Cropping2dOptions): Layer {
  return cropping2dFrom(options);
}

/**
 * Volumes [batch, depth, height, width, channels] without their borders. Throws for options and input shapes that do not
 * fit.
 *
 * @example
 * ```ts
 * import { cropping3d } from "neurite/nn";
 *
 * const { outputShapes } = cropping3d({ cropping: 1 }).init(random.key(0), [[4, 8, 8, 3]], "f32"); // [[2, 6, 6, 3]]
 * ```
 */
export function cropping3d(options: Cropping3dOptions): Layer {
  return cropping3dFrom(options);
}

/** `zeroPadding1d` from options that were read. */
export function zeroPadding1dFrom(options: object): Layer {
  return paddingLayer("zeroPadding1d", 1, options);
}

/** `zeroPadding2d` from options that were read. */
export function zeroPadding2dFrom(options: object): Layer {
  return paddingLayer("zeroPadding2d", 2, options);
}

/** `zeroPadding3d` from options that were read. */
export function zeroPadding3dFrom(options: object): Layer {
  return paddingLayer("zeroPadding3d", 3, options);
}

/** `cropping1d` from options that were read. */
export function cropping1dFrom(options: object): Layer {
  return croppingLayer("cropping1d", 1, options);
}

/** `cropping2d` from options that were read. */
export function cropping2dFrom(options: object): Layer {
  return croppingLayer("cropping2d", 2, options);
}

/** `cropping3d` from options that were read. */
export function cropping3dFrom(options: object): Layer {
  return croppingLayer("cropping3d", 3, options);
}

function paddingLayer(type: string, rank: SpatialRank, options: object): Layer {
  const read = new OptionsReader(type, options, ["padding"]);
  const padding = readSides(read, "padding", rank, 1);
  return singleLayer(read, {
    config: { padding: rank === 1 ? padding[0] : padding },
    outputShape: (input) => {
      const { spatial, channels } = spatialShape(type, input, rank);
      return [...spatial.map((extent, axis) => extent + padding[axis][0] + padding[axis][1]), channels];
    },
    output: (x) => pad(x, [0, ...padding, 0]),
  });
}

function croppingLayer(type: string, rank: SpatialRank, options: object): Layer {
  const read = new OptionsReader(type, options, ["cropping"]);
  const cropping = readSides(read, "cropping", rank);
  const outputShape = (input: Shape): Shape => {
    const { spatial, channels } = spatialShape(type, input, rank);
    const left = spatial.map((extent, axis) => extent - cropping[axis][0] - cropping[axis][1]);
    if (left.every((extent) => extent >= 1)) return [...left, channels];
    throw unfitInput(type, input, `more than the ${JSON.stringify(cropping)} that are cut off`);
  };
  return singleLayer(read, {
    config: { cropping: rank === 1 ? cropping[0] : cropping },
    outputShape,
    output: (x) => {
      const starts = [0, ...cropping.map(([low]) => low), 0];
      const extents = [x.shape[0], ...outputShape(x.shape.slice(1))];
      return slice(
        x,
        starts,
        starts.map((start, axis) => start + extents[axis]),
      );
    },
  });
}

type Pair = readonly [low: number, high: number];

function readSides(read: OptionsReader, option: string, rank: SpatialRank, fallback?: number): Pair[] {
  const value = read.value(option) ?? fallback;
  const perAxis: unknown = Array.isArray(value) && rank > 1 ? value : new Array(rank).fill(value);
  const pairs = Array.isArray(perAxis) && perAxis.length === rank ? perAxis.flatMap(pairOf) : [];
  if (pairs.length === rank) return pairs;
  const list = rank === 1 ? "" : ", or a list of one or a pair for each spatial axis";
  throw read.unfit(option, value, `an integer from 0, or a pair of them${list}`);
}

function pairOf(value: unknown): Pair[] {
  const pair: unknown[] = Array.isArray(value) ? value : [value, value];
  const [low, high] = pair;
  return pair.length === 2 && isWidth(low) && isWidth(high) ? [[low, high]] : [];
}

function isWidth(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0;
}
