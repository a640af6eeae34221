import { checkOptions, NeuriteError } from "../base/error.ts";
import { random, type Tensor, tensor } from "../tensor/index.ts";
import { shuffle } from "./dataset.ts";

/** How many points, and how hard they are to tell apart. */
export interface PointOptions {
  /** Default 500, half of each class. */
  readonly examples?: number;
  /** Default 0; the playground offers 0 to 0.5. */
  readonly noise?: number;
}

/** Points of the plane in two classes, shuffled. */
export interface Points {
  /** f32 [examples, 2]. */
  readonly x: Tensor;
  /** i32 [examples], 0 or 1. */
  readonly y: Tensor;
}

/** One point: its coordinates and its class. */
type Point = readonly [x1: number, x2: number, label: number];

/** Makes point number `index` of the `count` points of a class; the draws are uniform in [0, 1). */
type Place = (place: {
  readonly label: number;
  readonly index: number;
  readonly count: number;
  readonly noise: number;
  readonly draws: readonly [number, number, number, number];
}) => Point;

/**
 * Class 1 a disk of radius 2.5, class 0 a ring around it from 3.5 to 5; noise moves the points before they are
 * labelled. The circle of the TensorFlow playground.
 *
 * @example
 * ```ts
 * import { circle } from "neurite/data";
 *
 * const { x, y } = circle(random.key(0), { examples: 200, noise: 0.1 });
 * ```
 */
export function circle(key: Tensor, options: PointOptions = {}): Points {
  return scatterPoints("circle", key, options, ({ label, noise, draws: [r, angle, u, v] }) => {
    const radius = label === 1 ? 2.5 * r : 3.5 + 1.5 * r;
    const x1 = radius * Math.sin(2 * Math.PI * angle);
    const x2 = radius * Math.cos(2 * Math.PI * angle);
    const seen = Math.hypot(x1 + noise * spread(u, 5), x2 + noise * spread(v, 5));
    return [x1, x2, seen < 2.5 ? 1 : 0];
  });
}

/**
 * Points of a square, class 1 where both coordinates have the same sign, with a gap of 0.3 on both sides of the axes;
 * noise moves the points before they are labelled. The exclusive or of the TensorFlow playground.
 *
 * @example
 * ```ts
 * import { xor } from "neurite/data";
 *
 * const { x, y } = xor(random.key(0), { examples: 200 });
 * ```
 */
export function xor(key: Tensor, options: PointOptions = {}): Points {
  const apart = (coordinate: number): number => coordinate + (coordinate > 0 ? 0.3 : -0.3);
  return scatterPoints("xor", key, options, ({ noise, draws: [a, b, u, v] }) => {
    const x1 = apart(spread(a, 5));
    const x2 = apart(spread(b, 5));
    return [x1, x2, (x1 + noise * spread(u, 5)) * (x2 + noise * spread(v, 5)) >= 0 ? 1 : 0];
  });
}

/**
 * Two normal distributions, class 1 around (2, 2) and class 0 around (−2, −2), of variance 0.5 + 7 · noise. The
 * Gaussian of the TensorFlow playground.
 *
 * @example
 * ```ts
 * import { gaussian } from "neurite/data";
 *
 * const { x, y } = gaussian(random.key(0), { noise: 0.2 });
 * ```
 */
export function gaussian(key: Tensor, options: PointOptions = {}): Points {
  return scatterPoints("gaussian", key, options, ({ label, noise, draws: [u, v] }) => {
    const deviation = Math.sqrt(0.5 + 7 * noise);
    const center = label === 1 ? 2 : -2;
    const [z1, z2] = normalPair(u, v);
    return [center + deviation * z1, center + deviation * z2, label];
  });
}

/**
 * Two spirals of 1¾ turns that interlock; noise is how far points stray along each axis. The spiral of the TensorFlow
 * playground.
 *
 * @example
 * ```ts
 * import { spiral } from "neurite/data";
 *
 * const { x, y } = spiral(random.key(0));
 * ```
 */
export function spiral(key: Tensor, options: PointOptions = {}): Points {
  return scatterPoints("spiral", key, options, ({ label, index, count, noise, draws: [u, v] }) => {
    const radius = (5 * index) / count;
    const angle = (1.75 * 2 * Math.PI * index) / count + (label === 1 ? 0 : Math.PI);
    const x1 = radius * Math.sin(angle) + noise * spread(u, 1);
    const x2 = radius * Math.cos(angle) + noise * spread(v, 1);
    return [x1, x2, label];
  });
}

/**
 * Two half circles that interlock; noise is the standard deviation of what is added to both coordinates. scikit-learn's
 * `make_moons`.
 *
 * @example
 * ```ts
 * import { moons } from "neurite/data";
 *
 * const { x, y } = moons(random.key(0), { examples: 100, noise: 0.1 });
 * ```
 */
export function moons(key: Tensor, options: PointOptions = {}): Points {
  return scatterPoints("moons", key, options, ({ label, index, count, noise, draws: [u, v] }) => {
    const angle = (Math.PI * index) / Math.max(1, count - 1);
    const [z1, z2] = normalPair(u, v);
    const x1 = label === 0 ? Math.cos(angle) : 1 - Math.cos(angle);
    const x2 = label === 0 ? Math.sin(angle) : 0.5 - Math.sin(angle);
    return [x1 + noise * z1, x2 + noise * z2, label];
  });
}

function scatterPoints(operation: string, key: Tensor, options: PointOptions, place: Place): Points {
  checkOptions(operation, options, ["examples", "noise"]);
  const { examples = 500, noise = 0 } = options;
  if (!Number.isInteger(examples) || examples < 2) {
    throw new NeuriteError({ operation, got: `${examples} examples`, expected: "a whole number ≥ 2" });
  }
  if (!(noise >= 0 && Number.isFinite(noise))) {
    throw new NeuriteError({ operation, got: `noise ${noise}`, expected: "a number ≥ 0" });
  }
  const [forPlaces, forOrder] = random.split(key);
  const uniform = random.uniform(forPlaces, [examples, 4]).dataSync();
  const x = new Float32Array(2 * examples);
  const y = new Int32Array(examples);
  const zeros = Math.floor(examples / 2);
  for (let i = 0; i < examples; i++) {
    const [label, index, count] = i < zeros ? [0, i, zeros] : [1, i - zeros, examples - zeros];
    const [a, b, c, d] = uniform.subarray(4 * i, 4 * i + 4);
    [x[2 * i], x[2 * i + 1], y[i]] = place({ label, index, count, noise, draws: [a, b, c, d] });
  }
  return shuffle(forOrder, { x: tensor(x, { shape: [examples, 2] }), y: tensor(y) });
}

/** From [0, 1) to [−limit, limit). */
function spread(uniform: number, limit: number): number {
  return limit * (2 * uniform - 1);
}

// G. Box and M. Muller, A Note on the Generation of Random Normal Deviates (1958); 1 − u is never 0.
function normalPair(u: number, v: number): readonly [number, number] {
  const radius = Math.sqrt(-2 * Math.log(1 - u));
  return [radius * Math.cos(2 * Math.PI * v), radius * Math.sin(2 * Math.PI * v)];
}
