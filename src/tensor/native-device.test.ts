import { afterEach, describe, expect, it, vi } from "vitest";
import { NativeFailure } from "../exec/runtime/native-host.ts";
import { add } from "../lang/ops/index.ts";
import type { Tensor } from "../lang/program/tensor.ts";
import { tensor } from "./create.ts";
import type { Device } from "./device.ts";
import { devices, setDevice } from "./devices.ts";
import { programOf } from "./jit.ts";
import { cacheStatus, NativeByDefault, nativeObstacle, openNative } from "./native-device.ts";
import { referenceDevice } from "./reference-device.ts";
import { Storage } from "./storage.ts";
import "./install.ts";

const obstacle = nativeObstacle();
afterEach(() => vi.restoreAllMocks());

describe.runIf(obstacle === undefined)("the native device", () => {
  it("is one device, which says where its kernels are kept", () => {
    expect(openNative()).toBe(openNative());
    expect(devices()).toContainEqual({ name: "native", available: true });
    expect(cacheStatus().directory).toMatch(/neurite$/);
    expect(cacheStatus().bytes).toBeGreaterThan(0);
  });
});

describe("native by default", () => {
  const fail = (): never => {
    throw new NativeFailure("no space left on device");
  };
  const broken: Device = { name: "native", prepare: fail, evaluate: fail };

  it("gives way for good to another device when it fails, and says why when asked for by name", () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    let taken = 0;
    const device = new NativeByDefault(broken, () => {
      taken++;
      return referenceDevice;
    });
    const program = programOf((x: Tensor) => add(x, 1), tensor([1, 2]));
    const runner = device.prepare(program, []);
    expect(runner.run([new Storage(Float32Array.of(1, 2))])[0].read()).toEqual(Float32Array.of(2, 3));
    expect(taken).toBe(1);
    expect(warn.mock.calls).toEqual([[expect.stringMatching(/no space left.*'reference' computes$/)]]);
    const [native] = devices().filter(({ name }) => name === "native");
    expect(native).toEqual({ name: "native", available: false, reason: "no space left on device" });
    expect(() => setDevice("native")).toThrow(
      /'native', which is not available here: no space left on device/,
    );
  });

  it("lets other errors through", () => {
    const device = new NativeByDefault(
      {
        ...broken,
        prepare: () => {
          throw new RangeError("wrong");
        },
      },
      () => referenceDevice,
    );
    expect(() =>
      device.prepare(
        programOf((x: Tensor) => x, tensor(1)),
        [],
      ),
    ).toThrow(RangeError);
  });
});
