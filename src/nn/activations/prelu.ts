import { gt, mark, mul, select } from "../../tensor/index.ts";
import { type InitializerLike, initializerOf } from "../initializers/initializer-table.ts";
import type { Layer } from "../layer.ts";
import { describeMade } from "../made.ts";
import { type LayerOptions, OptionsReader } from "../options.ts";
import { parameter, sameMask, singleLayer } from "../single.ts";

/** Options of `prelu`. */
export interface PreluOptions extends LayerOptions {
  /** How the slopes begin; default `zeros`, a relu. */
  readonly alphaInitializer?: InitializerLike;
  /** The axes along which slopes are shared, counted with the batch as axis 0: [1, 2] for one per channel of images. */
  readonly sharedAxes?: readonly number[];
}

/**
 * A leaky ReLU that learns its slopes left of 0: a = z where positive, else α z (He et al. 2015); α (`weights`) has the shape
 * of one example, with 1 for shared axes. Throws for axes the input does not have.
 *
 * @example
 * ```ts
 * import { initializers, prelu } from "neurite/nn";
 *
 * const layer = prelu({ alphaInitializer: initializers.constant({ value: 0.25 }) });
 * const [a] = layer.apply(layer.init(random.key(0), [[2]], "f32"), [tensor([[-4, 2]])]).outputs; // [[-1, 2]]
 * ```
 */
export function prelu(options: PreluOptions = {}): Layer {
  return preluFrom(options);
}

/** `prelu` from options that were read. */
export function preluFrom(options: object): Layer {
  const read = new OptionsReader("prelu", options, ["alphaInitializer", "sharedAxes"]);
  const initializer = initializerOf(read.value("alphaInitializer") ?? "zeros");
  const sharedAxes = read.integers("sharedAxes", []);
  return singleLayer(read, {
    mask: sameMask,
    config: { alphaInitializer: describeMade(initializer), sharedAxes },
    outputShape: (input) => {
      if (sharedAxes.every((axis) => axis >= 1 && axis <= input.length)) return input;
      throw read.unfit("sharedAxes", sharedAxes, `axes from 1 to ${input.length}, those of its input`);
    },
    params: (key, input, dtype) => {
      const shape = input.map((extent, i) => (sharedAxes.includes(i + 1) ? 1 : extent));
      return { weights: initializer(key, shape, dtype) };
    },
    output: (x, params) => {
      const z = mark("z", x);
      return mark("a", select(gt(z, 0), z, mul(z, parameter("prelu", params, "weights"))));
    },
  });
}
