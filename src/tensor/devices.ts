import { NeuriteError, unknownName } from "../base/error.ts";
import { wasmRenderer } from "../exec/render/wasm/kernels.ts";
import { WasmRuntime } from "../exec/runtime/wasm.ts";
import { WasmHeap } from "../exec/runtime/wasm-heap.ts";
import { CompiledDevice } from "./compiled-device.ts";
import type { Device } from "./device.ts";
import { environmentVariable } from "./environment.ts";
import { NativeByDefault, nativeObstacle, openNative } from "./native-device.ts";
import { referenceDevice } from "./reference-device.ts";
import { canShareMemory, keepThreads } from "./threads.ts";
import { relaxedObstacle, wasmObstacle } from "./wasm-features.ts";

/** A device and whether programs can run on it here. */
export interface DeviceStatus {
  readonly name: string;
  readonly available: boolean;
  /** Why it is not available. */
  readonly reason?: string;
}

interface DeviceEntry {
  /** Why the device cannot be used here; undefined when it can. */
  obstacle(): string | undefined;
  open(): Device;
}

const table: Readonly<Record<string, DeviceEntry>> = {
  native: { obstacle: nativeObstacle, open: openNative },
  wasm: {
    obstacle: wasmObstacle,
    open: () => openWasm("wasm", false),
  },
  "wasm-relaxed": {
    obstacle: relaxedObstacle,
    open: () => openWasm("wasm-relaxed", true),
  },
  reference: { obstacle: () => undefined, open: () => referenceDevice },
};

/** The devices that are tried where none is chosen. */
const preferred: readonly string[] = ["native", "wasm"];

const opened = new Map<string, Device>();
let current: Device | undefined;

/**
 * The name of the device on which operations and `jit` programs run.
 *
 * @example
 * ```ts
 * getDevice(); // "wasm"
 * ```
 */
export function getDevice(): string {
  return currentDevice().name;
}

/**
 * Chooses the device on which operations and `jit` programs run from now on; tensors move there when they are used.
 *
 * `native`, `wasm` and `reference` are those of every program; `wasm-relaxed` is wasm with the relaxed SIMD instructions of
 * the engine, which round products and sums once where the processor can: faster products of matrices, whose last bits
 * depend on the machine. The environment variable `NEURITE_DEVICE` sets the device at the start. Throws for an unknown or
 * unavailable device.
 *
 * @example
 * ```ts
 * setDevice("reference");
 * ```
 */
export function setDevice(name: string): void {
  current = openDevice("setDevice", name);
}

/**
 * All devices of the library, each with the reason why it cannot be used here, if it cannot.
 *
 * @example
 * ```ts
 * for (const { name, available, reason } of devices()) console.log(name, available ? "" : reason);
 * ```
 */
export function devices(): DeviceStatus[] {
  return Object.entries(table).map(([name, entry]) => {
    const reason = entry.obstacle();
    return { name, available: reason === undefined, ...(reason === undefined ? {} : { reason }) };
  });
}

/** The device in use; the first call chooses the default. */
export function currentDevice(): Device {
  current ??= defaultDevice();
  return current;
}

function defaultDevice(): Device {
  const wanted = environmentVariable("NEURITE_DEVICE");
  if (wanted !== undefined) return openDevice("NEURITE_DEVICE", wanted);
  const found = preferred.find((name) => table[name].obstacle() === undefined);
  if (found === "native") return new NativeByDefault(openNative(), takeOver);
  if (found !== undefined) return openDevice("default device", found);
  console.warn(`neurite: ${wasmObstacle()}; running on the slow reference device`);
  return referenceDevice;
}

// Where native code stops to compile, WebAssembly runs.
function takeOver(): Device {
  current = wasmObstacle() === undefined ? openDevice("default device", "wasm") : referenceDevice;
  return current;
}

function openWasm(name: string, relaxed: boolean): Device {
  const heap = new WasmHeap(canShareMemory());
  const runtime = new WasmRuntime((memory) => wasmRenderer({ ...memory, relaxed }), heap);
  keepThreads(runtime);
  return new CompiledDevice(name, runtime);
}

function openDevice(operation: string, name: string): Device {
  if (!Object.hasOwn(table, name)) throw unknownName(operation, name, Object.keys(table));
  const entry = table[name];
  const reason = entry.obstacle();
  if (reason !== undefined) {
    const available = devices().filter((device) => device.available);
    throw new NeuriteError({
      operation,
      got: `'${name}', which is not available here: ${reason}`,
      expected: `one of ${available.map((device) => `'${device.name}'`).join(", ")}`,
    });
  }
  const device = opened.get(name) ?? entry.open();
  opened.set(name, device);
  return device;
}
