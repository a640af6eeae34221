import type { Contraction, LoopNest } from "../../lang/kernel/kernel.ts";
import type { KernelRenderer, RenderedKernel } from "../../lang/kernel/rendered.ts";
import { PlanRuntime } from "./plan-runtime.ts";
import type { WasmHeap } from "./wasm-heap.ts";
import { stoppedElsewhere, WorkerPool } from "./worker-pool.ts";

type Callable = (argument: number) => unknown;

/** Makes the renderer for a memory: of at most so many pages if threads share it. */
export type RendererFor<K extends RenderedKernel> = (memory: {
  readonly sharedPages: number | undefined;
}) => KernelRenderer<K>;

/** Kernels as WebAssembly modules that share one memory and one function table, on several threads if the memory is shared. */
export class WasmRuntime<K extends RenderedKernel> extends PlanRuntime<K> {
  readonly #renderer: KernelRenderer<K>;
  readonly #table = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
  readonly #shared: Record<string, WebAssembly.ExportValue> = {};
  readonly #driver: Callable;
  readonly #pool: WorkerPool | undefined;

  constructor(rendererFor: RendererFor<K>, heap?: WasmHeap) {
    super(heap);
    this.#renderer = rendererFor(this.heap);
    const driver = new WebAssembly.Module(this.#renderer.encodeDriver());
    this.#driver = callable(this.#instantiate(driver).run);
    if (this.heap.sharedPages !== undefined) this.#pool = new WorkerPool(this.heap.memory, driver);
  }

  /** Sets how many threads take part at most, the caller's included; the numbers do not depend on it. */
  useThreads(count: number): void {
    this.#pool?.useThreads(count);
  }

  execute(commands: number): number {
    const error = Number(this.#driver(commands)) >>> 0;
    if (error === stoppedElsewhere)
      throw new WebAssembly.RuntimeError("a kernel was stopped on another thread");
    return error;
  }

  protected render(kernel: LoopNest | Contraction): K {
    const rendered = this.#renderer.render(kernel);
    if ((rendered.parts ?? 1) > 1) this.#pool?.need();
    return rendered;
  }

  protected addKernels(kernels: readonly K[], first: number): void {
    const missing = new Map<string, K["shared"][number]>();
    for (const { shared } of kernels) {
      for (const one of shared) if (!(one.key in this.#shared)) missing.set(one.key, one);
    }
    if (missing.size > 0) {
      const module = new WebAssembly.Module(this.#renderer.encodeShared([...missing.values()]));
      Object.assign(this.#shared, this.#instantiate(module));
      this.#pool?.send({ kind: "shared", module });
    }
    const module = new WebAssembly.Module(this.#renderer.encode(kernels));
    const exports = this.#instantiate(module);
    const count = kernels.length;
    const length = first + count;
    if (length > this.#table.length)
      this.#table.grow(Math.max(length, 2 * this.#table.length) - this.#table.length);
    for (let k = 0; k < count; k++) this.#table.set(first + k, exports[k]);
    this.#pool?.send({ kind: "kernels", module, first, count });
  }

  #instantiate(module: WebAssembly.Module): WebAssembly.Exports {
    const table = this.#table;
    const { memory } = this.heap;
    const routine = (number: number): void => this.callRoutine(number);
    const imports = { env: { memory, table }, shared: this.#shared, host: { routine } };
    return new WebAssembly.Instance(module, imports).exports;
  }
}

function callable(value: WebAssembly.ExportValue | undefined): Callable {
  if (typeof value !== "function") throw new TypeError("the driver exports no function");
  return (argument) => value(argument);
}
