import { expect, test } from "vitest";
import "../../tensor/install.ts";
import { printKernel } from "../../lang/kernel/print.ts";
import { add, mul, neg } from "../../lang/ops/arithmetic.ts";
import { concatenate } from "../../lang/ops/concatenate.ts";
import { flip, pad, slice } from "../../lang/ops/movement.ts";
import { sum } from "../../lang/ops/structure.ts";
import type { Tensor } from "../../lang/program/tensor.ts";
import { tensor } from "../../tensor/create.ts";
import { setDevice } from "../../tensor/devices.ts";
import { jit } from "../../tensor/jit.ts";

setDevice("wasm");

const values = (shape: number[], seed: number): Tensor => {
  const size = shape.reduce((a, b) => a * b, 1);
  return tensor(
    Float32Array.from({ length: size }, (_, i) => ((i * 31 + seed * 17) % 64) - 32),
    { shape },
  );
};

function expectPieces(f: (...x: Tensor[]) => Tensor, args: Tensor[], pieces: number): string[] {
  const compiled = jit(f);
  const kernels = compiled
    .lower(...args)
    .kernels()
    .map(printKernel);
  expect(kernels).toHaveLength(pieces);
  setDevice("reference");
  const wanted = f(...args).dataSync();
  setDevice("wasm");
  expect(compiled(...args).dataSync()).toEqual(wanted);
  return kernels;
}

test("each part of a concatenation is a kernel without conditions", () => {
  const [x, y, z] = [values([40, 20], 1), values([40, 36], 2), values([40, 24], 3)];
  const kernels = expectPieces((x, y, z) => concatenate([mul(x, 2), neg(y), add(z, 1)], 1), [x, y, z], 3);
  for (const kernel of kernels) expect(kernel).not.toMatch(/select|inside|if/);
});

test("so is each part of the gradient of a split", () => {
  const [a, b] = [values([32, 32], 1), values([32, 32], 2)];
  const f = (a: Tensor, b: Tensor): Tensor =>
    add(
      pad(mul(a, a), [
        [0, 0],
        [0, 32],
      ]),
      pad(mul(a, b), [
        [0, 0],
        [32, 0],
      ]),
    );
  const kernels = expectPieces(f, [a, b], 2);
  for (const kernel of kernels) expect(kernel).not.toMatch(/select|inside|if/);
});

test("parts that begin in other places, run backwards, or carry a reduction", () => {
  const x = values([64, 48], 1);
  const f = (x: Tensor): Tensor => {
    const joined = concatenate([flip(x, [0]), slice(x, [8, 0], [40, 48])], 0);
    return sum(mul(joined, joined), { axis: 1 });
  };
  expectPieces(f, [x], 2);
});

test("small programs and narrow borders stay one kernel", () => {
  expectPieces((x, y) => concatenate([x, y], 0), [values([8], 1), values([8], 2)], 1);
  const [kernel] = expectPieces(
    (x) =>
      add(
        pad(x, [
          [1, 1],
          [1, 1],
        ]),
        1,
      ),
    [values([60, 60], 1)],
    1,
  );
  expect(kernel).toContain("if");
});

test("what always holds is not asked", () => {
  const [kernel] = jit((x: Tensor) => slice(pad(x, [[2, 2]]), [2], [12]))
    .lower(values([10], 1))
    .kernels();
  expect(printKernel(kernel)).not.toContain("if");
});
