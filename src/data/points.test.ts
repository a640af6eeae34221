import { describe, expect, it } from "vitest";
import { random, type Tensor } from "../tensor/index.ts";
import { circle, gaussian, moons, type Points, spiral, xor } from "./points.ts";

const key = random.key(0);
const generators = { circle, xor, gaussian, spiral, moons };

/** The points as [x1, x2, label]. */
function list({ x, y }: Points): [number, number, number][] {
  const [coordinates, labels] = [x.dataSync(), y.dataSync()];
  return Array.from(labels, (label, i) => [coordinates[2 * i], coordinates[2 * i + 1], label]);
}

/** Mean and standard deviation of numbers. */
function moments(values: readonly number[]): [mean: number, deviation: number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [mean, Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length)];
}

describe.each(Object.entries(generators))("%s", (name, generate) => {
  it("makes points in two classes, shuffled, the same for the same key", () => {
    const { x, y } = generate(key);
    expect([x.dtype, x.shape, y.dtype, y.shape]).toEqual(["f32", [500, 2], "i32", [500]]);
    expect(generate(key, { noise: 0 }).x.dataSync()).toEqual(x.dataSync());
    expect(generate(random.key(1)).x.dataSync()).not.toEqual(x.dataSync());
    const labels = [...y.dataSync()];
    expect(new Set(labels)).toEqual(new Set([0, 1]));
    expect(labels).not.toEqual([...labels].sort());
    if (name !== "xor") expect(labels.filter((label) => label === 1).length).toBe(250);
  });

  it("refuses too few points, negative noise and unknown options", () => {
    expect(() => generate(key, { examples: 1 })).toThrow(`${name}: got 1 examples`);
    expect(() => generate(key, { examples: 2.5 })).toThrow(`${name}: got 2.5 examples`);
    expect(() => generate(key, { noise: -1 })).toThrow(`${name}: got noise -1`);
    expect(() => generate(key, { noise: Number.NaN })).toThrow(`${name}: got noise NaN`);
    expect(() => generate(key, JSON.parse('{"nose":1}'))).toThrow(/did you mean 'noise'/);
  });

  it("strays with noise", () => {
    const plain = generate(key, { examples: 400 });
    const noisy = generate(key, { examples: 400, noise: 0.5 });
    const differs = (a: Tensor, b: Tensor): boolean => a.dataSync().some((v, i) => v !== b.dataSync()[i]);
    expect(differs(plain.x, noisy.x) || differs(plain.y, noisy.y)).toBe(true);
  });
});

describe("shapes", () => {
  it("circle: a disk in a ring", () => {
    for (const [x1, x2, label] of list(circle(key))) {
      const radius = Math.hypot(x1, x2);
      if (label === 1) expect(radius).toBeLessThan(2.5);
      else expect(Math.abs(radius - 4.25)).toBeLessThanOrEqual(0.750001);
    }
  });

  it("circle: with noise some points get the other label, and stay where they are", () => {
    const points = list(circle(key, { noise: 0.3 }));
    const wrong = points.filter(([x1, x2, label]) => Math.hypot(x1, x2) < 3 !== (label === 1)).length;
    expect(wrong).toBeGreaterThan(10);
    expect(wrong).toBeLessThan(200);
    for (const [x1, x2] of points) expect(Math.hypot(x1, x2)).toBeLessThanOrEqual(5.00001);
  });

  it("xor: class 1 where the signs agree, and a gap along the axes", () => {
    for (const [x1, x2, label] of list(xor(key))) {
      expect(label).toBe(x1 * x2 > 0 ? 1 : 0);
      for (const coordinate of [x1, x2]) {
        expect(Math.abs(coordinate)).toBeGreaterThanOrEqual(0.3);
        expect(Math.abs(coordinate)).toBeLessThanOrEqual(5.300001);
      }
    }
  });

  it("gaussian: two normal distributions of the playground's variance", () => {
    for (const [noise, variance] of [
      [0, 0.5],
      [0.5, 4],
    ]) {
      const points = list(gaussian(key, { examples: 20_000, noise }));
      for (const label of [0, 1]) {
        const own = points.filter((point) => point[2] === label);
        const center = label === 1 ? 2 : -2;
        for (const axis of [0, 1]) {
          const [mean, deviation] = moments(own.map((point) => point[axis]));
          // Five standard errors of 10,000 draws.
          expect(Math.abs(mean - center)).toBeLessThan(0.05 * Math.sqrt(variance));
          expect(Math.abs(deviation - Math.sqrt(variance))).toBeLessThan(0.036 * Math.sqrt(variance));
        }
      }
    }
  });

  it("spiral: radius and angle grow together, and class 0 is class 1 turned by half a turn", () => {
    const points = list(spiral(key, { examples: 100 }));
    for (const [x1, x2, label] of points) {
      const radius = Math.hypot(x1, x2);
      const angle = (radius / 5) * 1.75 * 2 * Math.PI + (label === 1 ? 0 : Math.PI);
      expect(x1).toBeCloseTo(radius * Math.sin(angle), 4);
      expect(x2).toBeCloseTo(radius * Math.cos(angle), 4);
    }
    expect(Math.max(...points.map(([x1, x2]) => Math.hypot(x1, x2)))).toBeCloseTo(4.9, 4);
  });

  it("moons: the points of scikit-learn's make_moons", () => {
    // sklearn.datasets.make_moons(7, shuffle=False)
    const expected = [
      [1, 0, 0],
      [0, 1, 0],
      [-1, 0, 0],
      [0, 0.5, 1],
      [0.5, -0.366025, 1],
      [1.5, -0.366025, 1],
      [2, 0.5, 1],
    ];
    const order = (a: readonly number[], b: readonly number[]): number => a[2] - b[2] || a[0] - b[0];
    const points = list(moons(key, { examples: 7 })).sort(order);
    for (const [i, point] of [...expected].sort(order).entries()) {
      for (const axis of [0, 1, 2]) expect(points[i][axis]).toBeCloseTo(point[axis], 5);
    }
  });

  it("moons: noise is a standard deviation", () => {
    const plain = moons(key, { examples: 10_000 }).x.dataSync();
    const noisy = moons(key, { examples: 10_000, noise: 0.2 }).x.dataSync();
    const [mean, deviation] = moments(Array.from(noisy, (value, i) => value - plain[i]));
    expect(Math.abs(mean)).toBeLessThan(0.008);
    expect(Math.abs(deviation - 0.2)).toBeLessThan(0.006);
  });
});
