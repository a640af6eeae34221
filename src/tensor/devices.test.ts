import { afterEach, describe, expect, it } from "vitest";
import { add, cast, matmul, random } from "../lang/ops/index.ts";
import type { Tensor } from "../lang/program/tensor.ts";
import { tensor } from "./create.ts";
import { devices, getDevice, setDevice } from "./devices.ts";
import { jit } from "./jit.ts";
import { relaxedObstacle } from "./wasm-features.ts";
import "./install.ts";

const initial = getDevice();
afterEach(() => setDevice(initial));

describe("devices", () => {
  it("lists what runs here, and why the others do not", () => {
    expect(devices()).toContainEqual({ name: "reference", available: true });
    for (const { available, reason } of devices()) expect(available).toBe(reason === undefined);
  });

  it("is the device of NEURITE_DEVICE or WebAssembly at the start", () => {
    expect(initial).toBe(process.env.NEURITE_DEVICE || "wasm");
  });

  it("suggests a name for a misspelt device", () => {
    expect(() => setDevice("wsam")).toThrow(/setDevice: got 'wsam', expected one of .*; did you mean 'wasm'/);
    expect(getDevice()).toBe(initial);
  });

  it("moves tensors to the device in use", () => {
    setDevice("wasm");
    const step = jit((x: Tensor) => add(x, 1), { donate: 0 });
    const onWasm = step(step(tensor([1, 2])));
    expect([onWasm.source]).toEqual([expect.objectContaining({ device: "wasm" })]);
    setDevice("reference");
    expect(add(onWasm, 1).toArray()).toEqual([4, 5]);
    expect(step(onWasm).toArray()).toEqual([4, 5]);
    expect(() => onWasm.item()).toThrow(/donated/);
  });

  it("gives the same program to each device", () => {
    const square = jit((x: Tensor) => matmul(x, x));
    const x = tensor([
      [1, 2],
      [3, 4],
    ]);
    const results = ["wasm", "reference", "wasm"].map((name) => {
      setDevice(name);
      return square(x).toArray();
    });
    expect(results).toEqual([results[0], results[0], results[0]]);
  });

  it.skipIf(relaxedObstacle() !== undefined)(
    "rounds products and sums once with relaxed SIMD, or not",
    () => {
      const x = random.normal(random.key(0), [64, 300]);
      const y = random.normal(random.key(1), [300, 64]);
      const [plain, relaxed, exact] = [
        ["wasm", "f32"],
        ["wasm-relaxed", "f32"],
        ["wasm", "f64"],
      ].map(([device, dtype]) => {
        setDevice(device);
        const [a, b] = dtype === "f64" ? [cast(x, "f64"), cast(y, "f64")] : [x, y];
        return [...jit(() => matmul(a, b))().dataSync()];
      });
      const error = (numbers: number[]): number => Math.max(...numbers.map((n, k) => Math.abs(n - exact[k])));
      expect(error(relaxed)).toBeLessThan(1e-4);
      expect(error(plain)).toBeLessThan(1e-4);
    },
  );

  it("reads data asynchronously too", async () => {
    const x = tensor([1, 2]);
    const data = await x.data();
    data[0] = 9;
    expect(x.dataSync()).toEqual(Float32Array.of(1, 2));
    const reads: Promise<unknown>[] = [];
    jit((y: Tensor) => {
      reads.push(y.data());
      return y;
    })(x);
    await expect(reads[0]).rejects.toThrow(/symbolic f32\[2\]/);
  });
});
