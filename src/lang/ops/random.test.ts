import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { tensor } from "../../tensor/create.ts";
import type { Tensor } from "../program/tensor.ts";
import { vmap } from "../transforms/vectorize.ts";
import { ones } from "./create.ts";
import { log } from "./exponential.ts";
import { iota } from "./iota.ts";
import * as random from "./random.ts";
import { reshape } from "./structure.ts";

// Expected numbers: JAX 0.10.2 with jax_threefry_partitionable, key = jax.random.PRNGKey(42).
const key: Tensor = random.key(42);

function expectClose(x: Tensor, expected: readonly number[], digits = 6): void {
  expect(x.shape).toEqual([expected.length]);
  for (const [i, value] of x.dataSync().entries()) expect(value).toBeCloseTo(expected[i], digits);
}

test("keys, splits and bits are JAX's", () => {
  expect(random.split(key, 3).map((one) => [...one.dataSync()])).toEqual([
    [0x6d3e048f, 0x1022172d],
    [0x03d7b32d, 0xadd083f4],
    [0x92fb20ea, 0x0f38d913],
  ]);
  expect(random.keys(key, 3).shape).toEqual([3, 2]);
  expect([...random.foldIn(key, 7).dataSync()]).toEqual([0x97d0552f, 0x51bf719f]);
  expect([...random.foldIn(key, tensor(7, { dtype: "i32" })).dataSync()]).toEqual([0x97d0552f, 0x51bf719f]);
  expect([...random.bits(key, [2, 3]).dataSync()]).toEqual([
    0x7d1c13a2, 0xae0730d9, 0x9dc3f9f9, 0x8f9ec1d7, 0x735d7315, 0x95fb4ed8,
  ]);
  expect([...random.key(2 ** 33 + 5).dataSync()]).toEqual([2, 5]);
  expect([...random.key(tensor(42, { dtype: "i32" })).dataSync()]).toEqual([0, 42]);
});

test("uniform numbers are JAX's, bit for bit", () => {
  expect([...random.uniform(key, [4]).dataSync()]).toEqual([
    0.48870956897735596, 0.6797971725463867, 0.6162714958190918, 0.5610160827636719,
  ]);
  expect([...random.uniform(key, [4], { minimum: -3, maximum: 5 }).dataSync()]).toEqual([
    0.9096765518188477, 2.4383773803710938, 1.9301719665527344, 1.488128662109375,
  ]);
  expect([...random.uniform(key, [3], { dtype: "f64" }).dataSync()]).toEqual([
    0.4267275666499091, 0.015010069515314584, 0.5741444178995352,
  ]);
});

test("the distributions made of them agree", () => {
  expectClose(
    random.normal(key, [5]),
    [-0.02830461598932743, 0.4671318531036377, 0.2957029640674591, 0.15354591608047485, -0.12403281778097153],
  );
  expectClose(
    random.normal(key, [3], { dtype: "f64" }),
    [-0.18471174528191162, -2.169824560397754, 0.18693555179382582],
    14,
  );
  expectClose(
    random.gumbel(key, [4]),
    [0.3340933918952942, 0.952019453048706, 0.7255305647850037, 0.5481715202331543],
  );
  expectClose(
    random.truncatedNormal(key, [4]),
    [-0.027016498148441315, 0.44438081979751587, 0.2818770706653595, 0.14650805294513702],
  );
  expect([...random.bernoulli(key, 0.3, [10]).dataSync()]).toEqual([0, 0, 0, 0, 0, 0, 1, 0, 0, 0]);
});

test("integers and permutations are JAX's", () => {
  expect([...random.randint(key, [8], -5, 100).dataSync()]).toEqual([94, 49, 76, -1, 84, 19, 12, 67]);
  expect([...random.randint(key, [4], 0, 2_000_000_000).dataSync()]).toEqual([
    1125294276, 1383865362, 780371127, 1127988417,
  ]);
  expect(random.permutation(key, 10).toArray()).toEqual([7, 4, 2, 5, 3, 6, 8, 9, 0, 1]);
  expect([...random.permutation(key, 5000).dataSync().subarray(0, 6)]).toEqual([
    3825, 3150, 2972, 2921, 1203, 2981,
  ]);
  expect(random.permutation(key, reshape(iota(6), [3, 2])).toArray()).toEqual([
    [4, 5],
    [0, 1],
    [2, 3],
  ]);
  expect(() => random.randint(key, [2], 3, 3)).toThrow(/minimum < maximum/);
});

test("classes are drawn as JAX draws them", () => {
  const logits = log(
    tensor([
      [0.1, 0.2, 0.7],
      [0.5, 0.4, 0.1],
      [0.3, 0.3, 0.4],
    ]),
  );
  expect(random.categorical(key, logits).toArray()).toEqual([2, 0, 1]);
});

test("a truncated normal stays inside", () => {
  const drawn = random.truncatedNormal(key, [5000], { minimum: -0.5, maximum: 1 }).dataSync();
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(-0.5);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(1);
});

test("dropout keeps the mean, and zeros what it drops", () => {
  const kept = random.dropout(ones([10000]), { rate: 0.25, key }).dataSync();
  expect(new Set(kept)).toEqual(new Set([0, Math.fround(1 / 0.75)]));
  const mean = [...kept].reduce((sum, value) => sum + value, 0) / kept.length;
  expect(mean).toBeGreaterThan(0.97);
  expect(mean).toBeLessThan(1.03);
  expect(() => random.dropout(ones([2]), { rate: 1, key })).toThrow(/rate 1/);
});

test("keys batch", () => {
  const keys = random.keys(key, 4);
  const batched = vmap((one: Tensor) => random.bits(one, [2]))(keys);
  const single = random.split(key, 4).map((one) => [...random.bits(one, [2]).dataSync()]);
  expect(batched.toArray()).toEqual(single);
  expect(() => random.bits(tensor([1, 2]))).toThrow(/random.key/);
});
