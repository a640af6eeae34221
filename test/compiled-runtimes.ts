import { dtypeFacts, type TypedArray } from "../src/base/dtype.ts";
import { textRenderer } from "../src/exec/render/c/kernels.ts";
import { wasmRenderer } from "../src/exec/render/wasm/kernels.ts";
import type { RenderedKernel as WasmKernel } from "../src/exec/render/wasm/rendered.ts";
import { NativeRuntime } from "../src/exec/runtime/native.ts";
import { NativeFailure } from "../src/exec/runtime/native-host.ts";
import type { PlanRuntime } from "../src/exec/runtime/plan-runtime.ts";
import { WasmRuntime } from "../src/exec/runtime/wasm.ts";
import type { Contraction, LoopNest, Plan } from "../src/lang/kernel/kernel.ts";
import type { RenderedKernel } from "../src/lang/kernel/rendered.ts";

/** A runtime under test. */
export interface TestedRuntime {
  readonly name: string;
  readonly runtime: PlanRuntime<RenderedKernel>;
  /** The number of kernels compiled so far. */
  readonly compiledCount: () => number;
}

/** The runtimes that run here; says on the console why there is no native one. */
export function testedRuntimes(): TestedRuntime[] {
  const modules = new Set<string>();
  const wasm = new WasmRuntime<WasmKernel>((memory) => {
    const renderer = wasmRenderer(memory);
    return {
      ...renderer,
      render: (kernel) => {
        const rendered = renderer.render(kernel);
        return {
          ...rendered,
          define: (module, name) => {
            modules.add(rendered.key);
            return rendered.define(module, name);
          },
        };
      },
    };
  });
  const tested: TestedRuntime[] = [{ name: "wasm", runtime: wasm, compiledCount: () => modules.size }];
  const texts = new Set<string>();
  try {
    const native = new NativeRuntime({
      ...textRenderer,
      render: (kernel, target) => {
        const rendered = textRenderer.render(kernel, target);
        return {
          ...rendered,
          define: () => {
            texts.add(rendered.key);
            return rendered.define();
          },
        };
      },
    });
    tested.push({ name: "native", runtime: native, compiledCount: () => texts.size });
  } catch (error) {
    if (!(error instanceof NativeFailure)) throw error;
    console.log(`native is not tested: ${error.message}`);
  }
  return tested;
}

// Behind every array lie bytes that nobody may write.
const guardBytes = 64;
const guard = 0xa5;

/**
 * Runs kernels, one after the other, on copies of their arrays; throws if one writes behind an array.
 * Buffers with the same array share their memory.
 */
export function runKernels(
  { runtime }: TestedRuntime,
  kernels: readonly { readonly kernel: LoopNest | Contraction; readonly arrays: readonly TypedArray[] }[],
): { arrays: TypedArray[][]; error: number } {
  const inputs = [...new Set(kernels.flatMap(({ arrays }) => arrays))];
  const buffers: Plan["buffers"][number][] = [];
  const commands = kernels.map(({ kernel, arrays }) => {
    const first = buffers.length;
    arrays.forEach((array, k) => {
      const place = { kind: "input", input: inputs.indexOf(array) } as const;
      buffers.push({ dtype: kernel.buffers[k].dtype, length: array.length, place });
    });
    return { kind: "kernel", kernel, buffers: arrays.map((_, k) => first + k), scope: "" } as const;
  });
  const executable = runtime.load({ buffers, arenaBytes: 0, commands, outputs: [], checks: [] });
  const addresses = inputs.map((array) => runtime.allocate(array.byteLength + guardBytes));
  inputs.forEach((array, k) => {
    const bytes = new Uint8Array(runtime.buffer, addresses[k], array.byteLength + guardBytes);
    bytes.fill(guard);
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  });
  const error = executable.run(addresses, []);
  const results = kernels.map(({ kernel, arrays }) =>
    arrays.map((array, k) => {
      const address = addresses[inputs.indexOf(array)];
      const behind = new Uint8Array(runtime.buffer, address + array.byteLength, guardBytes);
      if (behind.some((byte) => byte !== guard)) {
        throw new RangeError(`'${kernel.name}' wrote behind buffer ${k}`);
      }
      return dtypeFacts[kernel.buffers[k].dtype].view(runtime.buffer, address, array.length).slice();
    }),
  );
  for (const address of addresses) runtime.free(address);
  executable.release();
  return { arrays: results, error };
}
