import { describe, expect, test } from "vitest";
import { stridesOf } from "../../../base/shape.ts";
import { dynamicCoordinate, linearIndex, plus, times } from "../../../lang/kernel/coordinate.ts";
import type { Contraction, KernelBuffer } from "../../../lang/kernel/kernel.ts";
import * as s from "../../../lang/kernel/scalar.ts";
import { axes, check, load, randomArray, runWasm, store } from "./contraction.fixture.ts";
import { renderContraction } from "./contraction.ts";

/** [m × k] · [k × n] with either side stored transposed. */
function matrixProduct(
  dtype: Contraction["dtype"],
  [m, n, k]: readonly number[],
  [leftTransposed, rightTransposed]: readonly boolean[],
): Contraction {
  const [i, j, d] = axes(0, 1, 2);
  const left = leftTransposed
    ? linearIndex([d, i], stridesOf([k, m]))
    : linearIndex([i, d], stridesOf([m, k]));
  const right = rightTransposed
    ? linearIndex([j, d], stridesOf([n, k]))
    : linearIndex([d, j], stridesOf([k, n]));
  const read: KernelBuffer = { dtype, access: "read" };
  return {
    kind: "contraction",
    name: `${m}×${n}×${k}`,
    batch: [],
    rows: [m],
    columns: [n],
    depth: [k],
    dtype,
    buffers: [read, read, { dtype, access: "write" }],
    left: load(dtype, 0, left),
    right: load(dtype, 1, right),
    epilogue: [store(2, linearIndex([i, j], [n, 1]), s.result(dtype, 0))],
  };
}

describe("matrix products", () => {
  const sizes = [1, 2, 3, 5, 7, 8, 17, 33];
  const transpositions = [
    [false, false],
    [true, false],
    [false, true],
    [true, true],
  ];
  test.each(transpositions)("odd sizes, left transposed %s, right transposed %s", (...transposed) => {
    for (const m of sizes) {
      for (const n of sizes) {
        for (const k of [1, 4, 7, 33])
          check(matrixProduct("f32", [m, n, k], transposed), [m * k, k * n, m * n]);
      }
    }
  });
  test.each(["f32", "f64", "i32", "u32"] as const)("several blocks of %s", (dtype) => {
    const several = [
      { sizes: [205, 18, 301], transposed: [false, true] },
      { sizes: [150, 35, 300], transposed: [true, false] },
      { sizes: [5, 530, 270], transposed: [false, false] },
      { sizes: [3, 7, 1500], transposed: [true, true] },
      { sizes: [300, 16, 300], transposed: [false, false] },
    ];
    for (const { sizes, transposed } of several) {
      const [m, n, k] = sizes;
      check(matrixProduct(dtype, [m, n, k], transposed), [m * k, k * n, m * n]);
    }
  });
  test("a new size with the same structure runs the same code", () => {
    const first = check(matrixProduct("f32", [40, 50, 60], [false, false]), [2400, 3000, 2000]);
    const second = check(matrixProduct("f32", [8, 70, 3], [false, false]), [24, 210, 560]);
    expect(second.key).toBe(first.key);
  });
});

/** A convolution over [n, height, width, channels] with padding; its depth is (kernel rows, kernel columns, channels). */
function convolution(
  [n, height, width, channels, filters]: readonly number[],
  { stride = 1, dilation = 1, size = 3 }: { stride?: number; dilation?: number; size?: number },
): { contraction: Contraction; lengths: number[] } {
  const pad = (dilation * (size - 1)) / 2;
  const [outHeight, outWidth] = [height, width].map((extent) => Math.ceil(extent / stride));
  const [b, y, x, o, ky, kx, c] = axes(0, 1, 2, 3, 4, 5, 6);
  const row = plus(plus(times(y, stride), times(ky, dilation)), -pad);
  const column = plus(plus(times(x, stride), times(kx, dilation)), -pad);
  const index = linearIndex([b, row, column, c], stridesOf([n, height, width, channels]));
  const guards = [
    { coordinate: row, extent: height },
    { coordinate: column, extent: width },
  ];
  const bias = load("f32", 2, o);
  const out = linearIndex([b, y, x, o], stridesOf([n, outHeight, outWidth, filters]));
  const contraction: Contraction = {
    kind: "contraction",
    name: `convolution ${[n, height, width, channels, filters].join()} ${stride} ${dilation}`,
    batch: [],
    rows: [n, outHeight, outWidth],
    columns: [filters],
    depth: [size, size, channels],
    dtype: "f32",
    buffers: [
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "read" },
      { dtype: "f32", access: "write" },
    ],
    left: load("f32", 0, index, guards),
    right: load("f32", 1, linearIndex([ky, kx, c, o], stridesOf([size, size, channels, filters]))),
    epilogue: [store(3, out, s.max(s.add(s.result("f32", 0), bias), 0))],
  };
  const lengths = [
    n * height * width * channels,
    size * size * channels * filters,
    filters,
    n * outHeight * outWidth * filters,
  ];
  return { contraction, lengths };
}

describe("convolutions", () => {
  test.each([
    [[2, 7, 9, 5, 6], {}],
    [[1, 14, 14, 32, 64], {}],
    [[3, 28, 28, 1, 32], {}],
    [[2, 9, 11, 4, 10], { stride: 2 }],
    [[2, 12, 11, 1, 3], { stride: 2 }],
    [[2, 9, 11, 4, 10], { dilation: 2 }],
    [[2, 6, 5, 3, 4], { size: 5 }],
    [[1, 3, 3, 40, 7], { size: 5 }],
  ] as const)("forward %j %j", (sizes, options) => {
    const { contraction, lengths } = convolution(sizes, options);
    check(contraction, lengths);
  });

  test.each([
    [2, 7, 9, 5, 6],
    [1, 14, 14, 32, 16],
    [3, 28, 28, 1, 32],
  ])("gradient of the filters %j", (...[n, height, width, channels, filters]) => {
    // rows (ky, kx, c), columns o, depth (n, y, x)
    const [ky, kx, c, o, b, y, x] = axes(0, 1, 2, 3, 4, 5, 6);
    const row = plus(plus(y, ky), -1);
    const column = plus(plus(x, kx), -1);
    const guards = [
      { coordinate: row, extent: height },
      { coordinate: column, extent: width },
    ];
    const contraction: Contraction = {
      kind: "contraction",
      name: "filter gradient",
      batch: [],
      rows: [3, 3, channels],
      columns: [filters],
      depth: [n, height, width],
      dtype: "f32",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      left: load("f32", 0, linearIndex([b, row, column, c], stridesOf([n, height, width, channels])), guards),
      right: load("f32", 1, linearIndex([b, y, x, o], stridesOf([n, height, width, filters]))),
      epilogue: [
        store(2, linearIndex([ky, kx, c, o], stridesOf([3, 3, channels, filters])), s.result("f32", 0)),
      ],
    };
    check(contraction, [n * height * width * channels, n * height * width * filters, 9 * channels * filters]);
  });

  test("gradient of the input, with mirrored filters", () => {
    const [n, height, width, channels, filters] = [2, 6, 7, 8, 9];
    const [b, y, x, c, ky, kx, o] = axes(0, 1, 2, 3, 4, 5, 6);
    const row = plus(plus(y, times(ky, -1)), 1);
    const column = plus(plus(x, times(kx, -1)), 1);
    for (const depthOrder of [true, false]) {
      const contraction: Contraction = {
        kind: "contraction",
        name: "input gradient",
        batch: [],
        rows: [n, height, width],
        columns: [channels],
        depth: [3, 3, filters],
        dtype: "f32",
        buffers: [
          { dtype: "f32", access: "read" },
          { dtype: "f32", access: "read" },
          { dtype: "f32", access: "update" },
        ],
        left: load(
          "f32",
          0,
          depthOrder
            ? linearIndex([b, row, column, o], stridesOf([n, height, width, filters]))
            : linearIndex([b, o, row, column], stridesOf([n, filters, height, width])),
          [
            { coordinate: row, extent: height },
            { coordinate: column, extent: width },
          ],
        ),
        right: load("f32", 1, linearIndex([ky, kx, c, o], stridesOf([3, 3, channels, filters]))),
        epilogue: [
          {
            ...store(
              2,
              linearIndex([b, y, x, c], stridesOf([n, height, width, channels])),
              s.result("f32", 0),
            ),
            mode: "add",
          },
        ],
      };
      check(contraction, [
        n * height * width * filters,
        9 * channels * filters,
        n * height * width * channels,
      ]);
    }
  });
});

describe("operands that are no plain loads", () => {
  const [m, n, k] = [23, 34, 45];
  const [i, j, d] = axes(0, 1, 2);
  const product = matrixProduct("f32", [m, n, k], [false, false]);

  test("expressions of several loads, of other types", () => {
    const mask = load("f32", 3, linearIndex([i, d], [k, 1]));
    const bytes = load("u8", 4, linearIndex([j, d], [k, 1]));
    const contraction: Contraction = {
      ...product,
      buffers: [...product.buffers, { dtype: "f32", access: "read" }, { dtype: "u8", access: "read" }],
      left: s.select(s.gt(mask, 0), s.mul(product.left, mask), 0.5),
      right: s.mul(s.cast(bytes, "f32"), 1 / 512),
    };
    check(contraction, [m * k, k * n, m * n, m * k, n * k]);
  });

  test("rows gathered by an index from data", () => {
    const row = s.rem(s.bitcast(load("i32", 3, i), "u32"), s.literal("u32", m));
    const contraction: Contraction = {
      ...product,
      buffers: [...product.buffers, { dtype: "i32", access: "read" }],
      left: load("f32", 0, linearIndex([dynamicCoordinate(s.bitcast(row, "i32")), d], [k, 1])),
    };
    check(contraction, [m * k, k * n, m * n, m]);
  });

  test("no depth gives zeros, no rows nothing", () => {
    for (const [rows, depth] of [
      [5, 0],
      [0, 5],
    ]) {
      const contraction = matrixProduct("f32", [rows, 6, depth], [false, false]);
      const arrays = [rows * depth, depth * 6, rows * 6].map((length) => randomArray("f32", length));
      const [, , out] = runWasm(renderContraction(contraction), arrays, ["f32", "f32", "f32"]);
      expect([...out]).toEqual(new Array(rows * 6).fill(0));
    }
  });
});

test("a convolution over volumes checks three guards, two strides and a fill that is not 0", () => {
  const [size, channels, filters] = [5, 3, 6];
  const [z, y, x, o, kz, ky, kx, c] = axes(0, 1, 2, 3, 4, 5, 6, 7);
  const spatial = [
    plus(plus(z, kz), -1),
    plus(plus(times(y, 2), ky), -1),
    plus(plus(times(x, -1), kx), size - 2),
  ];
  const input = load(
    "f32",
    0,
    linearIndex([...spatial, c], stridesOf([size, size, size, channels])),
    spatial.map((coordinate) => ({ coordinate, extent: size })),
  );
  for (const [first, second] of [
    [c, kx],
    [kx, c],
  ]) {
    const weights = linearIndex(
      [kz, ky, first, second, o],
      [9 * channels * filters, 3 * channels * filters, filters, filters, 1],
    );
    const contraction: Contraction = {
      kind: "contraction",
      name: "volume",
      batch: [],
      rows: [size, 3, size],
      columns: [filters],
      depth: [3, 3, 3, channels],
      dtype: "f32",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      left: { ...input, fill: 2.5 },
      right: load("f32", 1, weights),
      epilogue: [
        store(2, linearIndex([z, y, x, o], stridesOf([size, 3, size, filters])), s.result("f32", 0)),
      ],
    };
    check(contraction, [size ** 3 * channels, 27 * channels * filters, size * 3 * size * filters]);
  }
});

describe("batches and epilogues", () => {
  test("attention scores: a batch of products with two batch axes, causal fill", () => {
    const [batch, heads, length, width] = [2, 3, 19, 13];
    const [b, h, i, j, d] = axes(0, 1, 2, 3, 4);
    const strides = [length * heads * width, width, heads * width, 1];
    const allowed = s.le(s.coordinateValue(j), s.coordinateValue(i));
    const contraction: Contraction = {
      kind: "contraction",
      name: "scores",
      batch: [batch, heads],
      rows: [length],
      columns: [length],
      depth: [width],
      dtype: "f32",
      buffers: [
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "read" },
        { dtype: "f32", access: "write" },
      ],
      left: load("f32", 0, linearIndex([b, h, i, d], strides)),
      right: load("f32", 1, linearIndex([b, h, j, d], strides)),
      epilogue: [
        store(
          2,
          linearIndex([b, h, i, j], stridesOf([batch, heads, length, length])),
          s.select(allowed, s.mul(s.result("f32", 0), 0.5), -1),
        ),
      ],
    };
    const size = batch * heads * length * width;
    check(contraction, [size, size, batch * heads * length * length]);
  });

  test("several stores: momentum and weights updated in place, and a copy", () => {
    const product = matrixProduct("f32", [37, 45, 21], [true, false]);
    const [i, j] = axes(0, 1);
    const index = linearIndex([i, j], [45, 1]);
    const update: KernelBuffer = { dtype: "f32", access: "update" };
    const moment = s.add(s.mul(load("f32", 2, index), 0.9), s.result("f32", 0));
    const contraction: Contraction = {
      ...product,
      buffers: [...product.buffers.slice(0, 2), update, update, { dtype: "f32", access: "write" }],
      epilogue: [
        store(2, index, moment),
        store(3, index, s.sub(load("f32", 3, index), s.mul(load("f32", 2, index), 0.1))),
        store(4, linearIndex([j, i], [37, 1]), s.result("f32", 0)),
      ],
    };
    check(contraction, [37 * 21, 21 * 45, 37 * 45, 37 * 45, 37 * 45]);
  });

  test("several column axes, stored and padded apart", () => {
    const [m, p, q, k] = [11, 3, 5, 9];
    const [i, a, c, d] = axes(0, 1, 2, 3);
    const read: KernelBuffer = { dtype: "f64", access: "read" };
    const contraction: Contraction = {
      kind: "contraction",
      name: "column axes",
      batch: [],
      rows: [m],
      columns: [p, q],
      depth: [k],
      dtype: "f64",
      buffers: [read, read, { dtype: "f64", access: "update" }, { dtype: "f32", access: "write" }],
      left: load("f64", 0, linearIndex([i, d], [k, 1])),
      right: load("f64", 1, linearIndex([d, a, c], [p * q, q, 1])),
      epilogue: [
        store(2, linearIndex([a, i, c], [m * 7, 7, 1]), s.result("f64", 0)),
        store(3, linearIndex([i, a, c], [p * q, q, 1]), s.cast(s.result("f64", 0), "f32")),
      ],
    };
    check(contraction, [m * k, k * p * q, p * m * 7, m * p * q]);
  });
});
