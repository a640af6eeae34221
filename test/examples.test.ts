import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** What an example prints, run as its first lines say. */
function run(name: string, ...args: string[]): string {
  const script = `examples/${name}.ts`;
  return execFileSync(process.execPath, ["--import", "tsx", script, ...args], {
    cwd: root,
    encoding: "utf8",
  });
}

/** The two columns of numbers after a name. */
function columns(text: string, name: string): [computed: number, byHand: number] {
  const line = text.split("\n").find((line) => line.startsWith(`${name} `)) ?? "";
  const [, computed, byHand] = line.split(/\s+/).map(Number);
  return [computed, byHand];
}

const timeout = 60_000;

/** How many lines an example may have: a page, and two where it is a comparison that has to be fair. */
const longest: Record<string, number> = { "transfer.ts": 120 };

test("every example is run here and fits on a page", () => {
  const names = readdirSync(`${root}/examples`);
  const source = readFileSync(fileURLToPath(import.meta.url), "utf8");
  for (const name of names) {
    expect(source).toContain(`run("${name.replace(/\.ts$/, "")}"`);
    const lines = readFileSync(`${root}/examples/${name}`, "utf8").split("\n").length;
    expect(lines, name).toBeLessThanOrEqual(longest[name] ?? 61);
  }
});

test("lecture 1: seven neurons, as the lecture's formulas by hand", { timeout }, () => {
  const text = run("lecture1-seven-neurons");
  const names = ["δ7", "δ6", "δ5", "δ4", "δ3", "w67", "w57", "w46", "w36", "w35", "w24", "w23", "w13"];
  for (const name of names) {
    const [computed, byHand] = columns(text, name);
    expect([name, computed]).toEqual([name, byHand]);
    expect(Math.abs(computed)).toBeGreaterThan(0.01);
  }
  // ℰ = max(0, −z₇ t) with t = 1 and z₇ < 0
  expect(columns(text, "δ7")).toEqual([-1, -1]);
});

test("lecture 2: the chain 1-1-1-1, as by hand", { timeout }, () => {
  const text = run("lecture2-chain");
  for (const name of ["w1", "w2", "w3", "b1", "b2", "b3"]) {
    const [computed, byHand] = columns(text, name);
    expect([name, computed]).toEqual([name, byHand]);
    expect(Math.abs(computed)).toBeGreaterThan(0.001);
  }
});

test("lecture 3: the gradients of the JAX listing are Xᵀ(p − t) and Σ(p − t)", { timeout }, () => {
  const inputs = [[0.5, 1.2, -0.3], [0.9, -1.0, 0.1], [-0.4, 0.3, 1.1], [0.7, -2.1, 1.4]]; // biome-ignore format: a matrix
  const targets = [1, 1, 0, 1];
  const weights = [0.3, -0.6, 0.2];
  const residuals = inputs.map((row, i) => {
    const z = row.reduce((sum, value, k) => sum + value * weights[k], 0.1);
    return 1 / (1 + Math.exp(-z)) - targets[i];
  });
  const text = run("lecture3-jax");
  const printed = [...text.matchAll(/-?\d+\.\d+/g)].map(Number);
  const loss = residuals.reduce((sum, residual) => sum - Math.log(1 - Math.abs(residual)), 0);
  const byWeights = weights.map((_, k) =>
    residuals.reduce((sum, residual, i) => sum + residual * inputs[i][k], 0),
  );
  const byBias = residuals.reduce((sum, residual) => sum + residual, 0);
  expect(printed).toHaveLength(5);
  for (const [i, expected] of [loss, ...byWeights, byBias].entries())
    expect(printed[i]).toBeCloseTo(expected, 5);
});

test("lecture 3: the Keras listing learns to read digits", { timeout }, () => {
  const text = run("lecture3-keras");
  const [, first, last] = /^loss (\S+) to (\S+)$/m.exec(text) ?? [];
  expect(Number(last)).toBeLessThan(Number(first) / 5);
  expect(Number(/^held-out accuracy (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(0.93);
  expect(text).toContain("hidden (dense)  [batch, 256]      16,640");
  expect(text.match(/^epoch \d+\/30 /gm)).toHaveLength(30);
});

test("lecture 3: the cost of a gradient, as a table of three networks", { timeout }, () => {
  const rows = run("cost", "128", "1").trim().split("\n").slice(1);
  const parameters = rows.map((row) => Number(row.trim().split(/\s+/)[0].replace(",", "")));
  // Two layers of h weights and a bias for each of h neurons, and one of h weights and a bias.
  expect(parameters).toEqual([32, 64, 128].map((h) => 2 * (h * h + h) + h + 1));
  for (const row of rows) expect(row).toMatch(/^ *[\d,]+ +[\d.]+ µs +[\d.]+ ns +[\d.]+ µs +[\d.]+ ns$/);
});

test("lecture 4: ∂f/∂x = 3 and df/dx = 7, forward and backward", { timeout }, () => {
  const text = run("lecture4-computation-graph");
  expect(text.split("\n").slice(0, 3)).toEqual(["partial 3", "total, forward 7", "total, backward 7"]);
});

test("lecture 4: a trained body with a new head learns more from few examples than a new network", {
  timeout,
}, () => {
  // One run with a source of 7,200 images, seen twice, and 10 epochs on the 50 examples.
  const text = run("transfer", "1", "8", "1", "8", "2", "10");
  const accuracyOf = (way: string): number =>
    Number(new RegExp(`^${way} +[\\d.]+ +([\\d.]+) % ± 0.0$`, "m").exec(text)?.[1]);
  expect(accuracyOf("body frozen")).toBeGreaterThan(accuracyOf("from scratch") + 15);
  expect(accuracyOf("fine-tuned")).toBeGreaterThan(accuracyOf("from scratch") + 15);
});

test.each([
  ["cnn", 0.5],
  ["augmented", 0.3],
  ["lstm", 0.2],
])("lecture 4: %s learns digits as large as those of MNIST", { timeout: 2 * timeout }, (network, least) => {
  const folder = mkdtempSync(join(tmpdir(), "neurite-mnist-"));
  writeLargeDigits(folder, "train", 0, 640);
  writeLargeDigits(folder, "t10k", 640, 740);
  const text = run("mnist", folder, network, "4");
  expect(text.match(/^epoch \d\/4 /gm)).toHaveLength(4);
  expect(Number(/^test accuracy (\S+)$/m.exec(text)?.[1])).toBeGreaterThan(least);
  rmSync(folder, { recursive: true });
});

/** Some of the shipped digits as idx files: each pixel three by three, with a border of two. */
function writeLargeDigits(folder: string, part: string, start: number, end: number): void {
  const text = gunzipSync(readFileSync(`${root}/assets/digits/digits.csv.gz`)).toString();
  const rows = text.trim().split("\n").slice(start, end).map((row) => row.split(",").map(Number)); // biome-ignore format: a chain
  const images = rows.flatMap((pixels) =>
    Array.from({ length: 28 * 28 }, (_, i) => {
      const [down, right] = [Math.floor((Math.floor(i / 28) - 2) / 3), Math.floor(((i % 28) - 2) / 3)];
      const isInside = down >= 0 && down < 8 && right >= 0 && right < 8;
      return isInside ? (255 * pixels[8 * down + right]) / 16 : 0;
    }),
  );
  const count = [0, 0, (end - start) >> 8, (end - start) & 255];
  const header = [0, 0, 8, 3, ...count, 0, 0, 0, 28, 0, 0, 0, 28];
  writeFileSync(join(folder, `${part}-images-idx3-ubyte`), Uint8Array.from([...header, ...images]));
  const labels = rows.map((row) => row[64]);
  writeFileSync(
    join(folder, `${part}-labels-idx1-ubyte`),
    Uint8Array.from([0, 0, 8, 1, ...count, ...labels]),
  );
}
