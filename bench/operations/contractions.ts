import { conv, matmul, mul, random, type Tensor, transpose, vjp } from "../../src/index.ts";
import { intoRoom, type Operation } from "./operation.ts";

/** Products of matrices, one behind the other in one program: `links` of them, so that small ones outweigh the call. */
function product(
  group: string,
  name: string,
  [m, k, n]: readonly [m: number, k: number, n: number],
  [left, right]: readonly [leftTransposed: boolean, rightTransposed: boolean] = [false, false],
  links = 1,
): Operation {
  const leftShape = left ? [k, m] : [m, k];
  const rightShape = right ? [n, k] : [k, n];
  return {
    group,
    name,
    bound: { operations: 2 * m * k * n * links },
    peer: ["product", m, k, n, left, right, links],
    prepare: () => {
      // Of this size the products neither grow nor vanish.
      const weights = Array.from({ length: links }, (_, i) =>
        mul(random.normal(random.key(i + 1), rightShape), k ** -0.5),
      );
      const chain = (x: Tensor, ...matrices: Tensor[]): Tensor =>
        matrices.reduce((z, W) => matmul(left ? transpose(z) : z, right ? transpose(W) : W), x);
      return intoRoom(chain, random.normal(random.key(0), leftShape), ...weights);
    },
  };
}

interface Layer {
  readonly batch: number;
  readonly size: number;
  readonly channels: number;
  readonly filters: number;
  readonly stride?: number;
}

const results = { forward: "", input: " x′", kernel: " W′" } as const;
type Result = keyof typeof results;

/** A convolution of 3 × 3 over images padded by 1, or one of its gradients. */
function convolution(
  group: string,
  name: string,
  result: Result,
  { batch, size, channels, filters, stride = 1 }: Layer,
): Operation {
  const out = size / stride;
  const options = {
    strides: stride,
    padding: [
      [1, 1],
      [1, 1],
    ],
  } as const;
  return {
    group,
    name: name + results[result],
    bound: { operations: 2 * batch * out * out * filters * 9 * channels },
    peer: [result, batch, size, channels, filters, stride],
    prepare: () => {
      const x = random.normal(random.key(0), [batch, size, size, channels]);
      const W = random.normal(random.key(1), [3, 3, channels, filters]);
      const dy = random.normal(random.key(2), [batch, out, out, filters]);
      switch (result) {
        case "forward":
          return intoRoom((x, W) => conv(x, W, options), x, W);
        case "input":
          return intoRoom((x, W, dy) => vjp((x: Tensor) => conv(x, W, options), x)[1](dy)[0], x, W, dy);
        case "kernel":
          return intoRoom((x, W, dy) => vjp((W: Tensor) => conv(x, W, options), W)[1](dy)[0], x, W, dy);
      }
    },
  };
}

function withGradients(group: string, name: string, layer: Layer): Operation[] {
  return (["forward", "input", "kernel"] as const).map((result) => convolution(group, name, result, layer));
}

/** Square products in all transpositions; those of 64 are 16 in one program. */
export const squareProducts: readonly Operation[] = [64, 128, 256, 512, 1024, 2048].flatMap((n) =>
  [false, true].flatMap((right) =>
    [false, true].map((left) =>
      product(
        String(n),
        `${n} ${left ? "T" : "N"}${right ? "T" : "N"}`,
        [n, n, n],
        [left, right],
        n < 128 ? 16 : 1,
      ),
    ),
  ),
);

/** The 3 × 3 layers of ResNet-18 with their gradients; /2 halves the image and doubles the channels. */
export const residualLayers: readonly Operation[] = [1, 16].flatMap((batch) =>
  [
    { size: 56, channels: 64 },
    { size: 28, channels: 128 },
    { size: 14, channels: 256 },
    { size: 7, channels: 512 },
  ].flatMap(({ size, channels }) => {
    const group = `batch-${batch}`;
    const name = `${batch}× ${size}² ${channels}`;
    const layer = { batch, size, channels };
    return [
      ...withGradients(group, name, { ...layer, filters: channels }),
      ...(size === 7
        ? []
        : withGradients(group, `${name} /2`, { ...layer, filters: 2 * channels, stride: 2 })),
    ];
  }),
);

/** The contractions of the standard steps. */
export const networkContractions: readonly Operation[] = [
  product("mlp", "x W₁", [128, 784, 128]),
  product("mlp", "h W₂", [128, 128, 10]),
  product("mlp", "hᵀ δ₂", [128, 128, 10], [true, false]),
  product("mlp", "δ₂ W₂ᵀ", [128, 10, 128], [false, true]),
  product("mlp", "xᵀ δ₁", [784, 128, 128], [true, false]),
  product("mlp-wide", "x W₁", [256, 784, 1024]),
  product("mlp-wide", "h W₂", [256, 1024, 1024]),
  product("mlp-wide", "δ₂ W₂ᵀ", [256, 1024, 1024], [false, true]),
  product("mlp-wide", "hᵀ δ₂", [1024, 256, 1024], [true, false]),
  product("mlp-wide", "xᵀ δ₁", [784, 256, 1024], [true, false]),
  product("mlp-wide", "h W₃", [256, 1024, 10]),
  convolution("cnn", "conv₁", "forward", { batch: 64, size: 28, channels: 1, filters: 32 }),
  convolution("cnn", "conv₁", "kernel", { batch: 64, size: 28, channels: 1, filters: 32 }),
  ...withGradients("cnn", "conv₂", { batch: 64, size: 14, channels: 32, filters: 64 }),
  product("cnn", "x W", [64, 3136, 128]),
  product("cnn", "xᵀ δ", [3136, 64, 128], [true, false]),
  product("cnn", "δ Wᵀ", [64, 128, 3136], [false, true]),
];
