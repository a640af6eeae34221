import type { TensorType } from "../base/type.ts";
import { textRenderer } from "../exec/render/c/kernels.ts";
import { wasmRenderer } from "../exec/render/wasm/kernels.ts";
import { NativeRuntime } from "../exec/runtime/native.ts";
import { type CacheStatus, NativeCache } from "../exec/runtime/native-cache.ts";
import { NativeFailure, nodeHost, withoutNode } from "../exec/runtime/native-host.ts";
import { WasmRuntime } from "../exec/runtime/wasm.ts";
import type { Command, Plan } from "../lang/kernel/kernel.ts";
import type { Operand, Parameters, Primitive } from "../lang/program/primitive.ts";
import type { Program } from "../lang/program/program.ts";
import { CompiledDevice } from "./compiled-device.ts";
import type { Executable } from "./compiled-runner.ts";
import type { Device, Runner } from "./device.ts";
import type { Storage } from "./storage.ts";
import { keepThreads } from "./threads.ts";

export type { CacheStatus } from "../exec/runtime/native-cache.ts";

let opened: CompiledDevice | NativeFailure | undefined;

/** Why native code cannot run here, and what to do; undefined when it can. */
export function nativeObstacle(): string | undefined {
  const device = openOnce();
  if (!(device instanceof NativeFailure)) return undefined;
  return device.hint === undefined ? device.got : `${device.got}; ${device.hint}`;
}

/** The native device; throws where there is none. */
export function openNative(): CompiledDevice {
  const device = openOnce();
  if (device instanceof NativeFailure) throw device;
  return device;
}

function openOnce(): CompiledDevice | NativeFailure {
  // The build for browsers knows this answer, and drops the rest with all that it imports.
  if (typeof process === "undefined") return withoutNode();
  if (opened !== undefined) return opened;
  try {
    const runtime = new NativeRuntime(textRenderer);
    keepThreads(runtime);
    opened = new CompiledDevice("native", runtime, eagerLoader(runtime));
  } catch (error) {
    if (!(error instanceof NativeFailure)) throw error;
    opened = error;
  }
  return opened;
}

// Compiling C takes longer than most single operations run: they are WebAssembly, but for products of matrices.
function eagerLoader(native: NativeRuntime): (plan: Plan) => Executable {
  const wasm = new WasmRuntime(wasmRenderer, native.heap);
  const isProduct = (command: Command): boolean =>
    command.kind === "kernel" && command.kernel.kind === "contraction";
  return (plan) => (plan.commands.some(isProduct) ? native : wasm).load(plan);
}

/** The native device where nobody asked for it by name: when it fails, another one takes over for good. */
export class NativeByDefault implements Device {
  readonly name = "native";
  private readonly native: Device;
  private readonly takeOver: () => Device;

  /** `takeOver` gives the other device and makes it the one in use. */
  constructor(native: Device, takeOver: () => Device) {
    this.native = native;
    this.takeOver = takeOver;
  }

  prepare(program: Program, donations: readonly (string | undefined)[]): Runner {
    return this.attempt((device) => device.prepare(program, donations));
  }

  evaluate(
    primitive: Primitive,
    inputs: readonly Operand[],
    parameters: Parameters,
    types: readonly TensorType[],
    scope: string,
  ): Storage[] {
    return this.attempt((device) => device.evaluate(primitive, inputs, parameters, types, scope));
  }

  private attempt<T>(use: (device: Device) => T): T {
    try {
      return use(this.native);
    } catch (error) {
      if (!(error instanceof NativeFailure)) throw error;
      opened = error;
      const other = this.takeOver();
      console.warn(`neurite: ${error.message}; from now on '${other.name}' computes`);
      return use(other);
    }
  }
}

/**
 * The directory where compiled kernels are kept, and what it holds; throws where native code cannot run or the directory
 * cannot be used.
 *
 * @example
 * ```ts
 * const { directory, files, bytes } = cacheStatus();
 * ```
 */
export function cacheStatus(): CacheStatus {
  return new NativeCache(nodeHost()).status();
}

/**
 * Removes all compiled kernels; they are compiled again when they are needed.
 *
 * @example
 * ```ts
 * if (cacheStatus().bytes > 1e9) clearCache();
 * ```
 */
export function clearCache(): void {
  new NativeCache(nodeHost()).clear();
}
