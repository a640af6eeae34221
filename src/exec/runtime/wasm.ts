import type { Contraction, LoopNest } from "../../lang/kernel/kernel.ts";
import type { KernelRenderer, RenderedKernel } from "../../lang/kernel/rendered.ts";
import { PlanRuntime } from "./plan-runtime.ts";
import type { WasmHeap } from "./wasm-heap.ts";

type Callable = (argument: number) => unknown;

/** Kernels as WebAssembly modules that share one memory and one function table. */
export class WasmRuntime<K extends RenderedKernel> extends PlanRuntime<K> {
  readonly #renderer: KernelRenderer<K>;
  readonly #table = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
  readonly #shared: Record<string, WebAssembly.ExportValue> = {};
  readonly #driver: Callable;

  constructor(renderer: KernelRenderer<K>, heap?: WasmHeap) {
    super(heap);
    this.#renderer = renderer;
    const exports = this.#instantiate(renderer.encodeDriver());
    this.#driver = callable(exports.run);
  }

  execute(commands: number): number {
    return Number(this.#driver(commands));
  }

  protected render(kernel: LoopNest | Contraction): K {
    return this.#renderer.render(kernel);
  }

  protected addKernels(kernels: readonly K[], first: number): void {
    const missing = new Map<string, K["shared"][number]>();
    for (const { shared } of kernels) {
      for (const one of shared) if (!(one.key in this.#shared)) missing.set(one.key, one);
    }
    if (missing.size > 0) {
      Object.assign(this.#shared, this.#instantiate(this.#renderer.encodeShared([...missing.values()])));
    }
    const exports = this.#instantiate(this.#renderer.encode(kernels));
    const length = first + kernels.length;
    if (length > this.#table.length)
      this.#table.grow(Math.max(length, 2 * this.#table.length) - this.#table.length);
    for (let k = 0; k < kernels.length; k++) this.#table.set(first + k, exports[k]);
  }

  #instantiate(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
    const table = this.#table;
    const { memory } = this.heap;
    const routine = (number: number): void => this.callRoutine(number);
    const imports = { env: { memory, table }, shared: this.#shared, host: { routine } };
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
  }
}

function callable(value: WebAssembly.ExportValue | undefined): Callable {
  if (typeof value !== "function") throw new TypeError("the driver exports no function");
  return (argument) => value(argument);
}
