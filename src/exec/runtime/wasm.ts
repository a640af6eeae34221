import type { Command, Contraction, Kernel, LoopNest, Plan } from "../../lang/kernel/kernel.ts";
import type { KernelRenderer, RenderedKernel } from "../../lang/kernel/rendered.ts";
import { Executable } from "./wasm-executable.ts";
import { WasmHeap } from "./wasm-heap.ts";
import { type KernelCode, listsOf, PlanWords } from "./wasm-plan.ts";

type Callable = (argument: number) => unknown;
type Rendered = Omit<RenderedKernel, "shared">;

/** The device's runtime: one memory, compiled kernels by key, and programs that run on them. */
export class WasmRuntime<K extends RenderedKernel> {
  readonly heap: WasmHeap = new WasmHeap();
  /** Where values between kernels live; one program runs at a time, so all share it. */
  arena = 0;
  private arenaBytes = 0;
  private readonly renderer: KernelRenderer<K>;
  private readonly table = new WebAssembly.Table({ element: "anyfunc", initial: 64 });
  private tableLength = 0;
  private readonly indices = new Map<string, number>();
  private readonly shared: Record<string, WebAssembly.ExportValue> = {};
  private readonly routines = new Map<number, () => void>();
  private nextRoutine = 0;
  private readonly driver: Callable;

  constructor(renderer: KernelRenderer<K>) {
    this.renderer = renderer;
    const exports = this.instantiate(renderer.encodeDriver());
    this.driver = callable(exports.run);
  }

  /** The memory as it is now. */
  get buffer(): ArrayBufferLike {
    return this.heap.buffer;
  }

  /** The address of a fresh 64-byte-aligned block. */
  allocate(bytes: number): number {
    return this.heap.allocate(bytes);
  }

  free(address: number): void {
    this.heap.free(address);
  }

  /** Makes a plan executable: compiles the kernels that are new and lays out commands and arguments. */
  load(plan: Plan): Executable {
    const codes = this.compile(kernelsOf(plan.commands));
    const codeOf = ({ kernel }: Extract<Command, { kind: "kernel" }>): KernelCode => {
      const code = codes.get(kernel);
      const index = code === undefined ? undefined : this.indices.get(code.key);
      if (code === undefined || index === undefined)
        throw new TypeError(`kernel '${kernel.name}' was not compiled`);
      return { index, words: code.words, scratchBytes: code.scratchBytes };
    };
    const words = new PlanWords(plan, codeOf, this.nextRoutine);
    this.nextRoutine += words.routines.length;
    this.reserveArena(words.arenaBytes);
    return new Executable(this, plan, words);
  }

  /** Runs commands; the result is the error word. */
  execute(commands: number): number {
    return Number(this.driver(commands));
  }

  /** Sets the host function of a number, or removes it. */
  setRoutine(number: number, routine: (() => void) | undefined): void {
    if (routine === undefined) this.routines.delete(number);
    else this.routines.set(number, routine);
  }

  /** Makes room for the values of a program; the arena may move. */
  private reserveArena(bytes: number): void {
    if (bytes <= this.arenaBytes) return;
    if (this.arena !== 0) this.heap.free(this.arena);
    try {
      this.arena = this.heap.allocate(bytes);
    } catch (error) {
      // What was just freed is there for the programs loaded before.
      if (this.arena !== 0) this.arena = this.heap.allocate(this.arenaBytes);
      throw error;
    }
    this.arenaBytes = bytes;
  }

  // The numbers of each kernel, and its code in the table.
  private compile(kernels: readonly (LoopNest | Contraction)[]): Map<Kernel, Rendered> {
    const codes = new Map<Kernel, Rendered>();
    const fresh = new Map<string, K>();
    for (const kernel of kernels) {
      const rendered = this.renderer.render(kernel);
      const { key, words, scratchBytes } = rendered;
      if (!this.indices.has(key)) fresh.set(key, rendered);
      codes.set(kernel, { key, words, scratchBytes });
    }
    if (fresh.size > 0) this.addKernels([...fresh.values()]);
    return codes;
  }

  private addKernels(kernels: readonly K[]): void {
    const missing = new Map<string, K["shared"][number]>();
    for (const { shared } of kernels) {
      for (const one of shared) if (!(one.key in this.shared)) missing.set(one.key, one);
    }
    if (missing.size > 0) {
      Object.assign(this.shared, this.instantiate(this.renderer.encodeShared([...missing.values()])));
    }
    const exports = this.instantiate(this.renderer.encode(kernels));
    const length = this.tableLength + kernels.length;
    if (length > this.table.length)
      this.table.grow(Math.max(length, 2 * this.table.length) - this.table.length);
    kernels.forEach(({ key }, k) => {
      this.table.set(this.tableLength + k, exports[k]);
      this.indices.set(key, this.tableLength + k);
    });
    this.tableLength = length;
  }

  private instantiate(bytes: Uint8Array<ArrayBuffer>): WebAssembly.Exports {
    const { table } = this;
    const { memory } = this.heap;
    const routine = (number: number): void => this.routines.get(number)?.();
    const imports = { env: { memory, table }, shared: this.shared, host: { routine } };
    return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports;
  }
}

function callable(value: WebAssembly.ExportValue | undefined): Callable {
  if (typeof value !== "function") throw new TypeError("the driver exports no function");
  return (argument) => value(argument);
}

function kernelsOf(commands: readonly Command[]): (LoopNest | Contraction)[] {
  return commands.flatMap((command) => {
    if (command.kind === "kernel") return command.kernel.kind === "routine" ? [] : [command.kernel];
    return listsOf(command).flatMap(kernelsOf);
  });
}
