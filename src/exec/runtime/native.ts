import { dtypeFacts } from "../../base/dtype.ts";
import type { Contraction, LoopNest, Plan } from "../../lang/kernel/kernel.ts";
import type { KernelText, TextRenderer } from "../../lang/kernel/rendered.ts";
import type { Executable } from "./executable.ts";
import { NativeCache } from "./native-cache.ts";
import { NativeCompiler } from "./native-compiler.ts";
import { type Host, NativeFailure, nodeHost } from "./native-host.ts";
import { type Driver, loadKoffi, openDriver } from "./native-library.ts";
import { NativeWorkshop } from "./native-workshop.ts";
import { PlanRuntime } from "./plan-runtime.ts";

/** Kernels as C, compiled by the system's compiler, on the memory that the wasm device uses too. */
export class NativeRuntime extends PlanRuntime<KernelText> {
  private readonly renderer: TextRenderer;
  private readonly workshop: NativeWorkshop;
  private readonly driver: Driver;
  private attached: Int32Array | undefined;

  /** Throws a NativeFailure where native code cannot be compiled or loaded. */
  constructor(renderer: TextRenderer, host: Host = nodeHost()) {
    super();
    this.renderer = renderer;
    const koffi = loadKoffi(host);
    const cache = new NativeCache(host);
    this.workshop = new NativeWorkshop(host, cache, new NativeCompiler(host, cache), renderer.prelude);
    this.driver = this.workshop.use(renderer.driver, (path) =>
      openDriver(koffi, path, (number) => this.callRoutine(number)),
    );
  }

  /** Sets how many threads the process uses at most, the caller's included; the numbers do not depend on it. */
  useThreads(count: number): void {
    this.driver.useThreads(count);
  }

  execute(commands: number): number {
    const { words } = this.heap;
    // Growing the memory may move it.
    if (this.attached !== words) {
      this.attached = words;
      this.driver.attach(words.buffer);
    }
    return this.driver.run(commands);
  }

  override load(plan: Plan): Executable {
    for (const { dtype, length } of plan.buffers) {
      // Strides and offsets in bytes are i32.
      if (length * dtypeFacts[dtype].bytes >= 2 ** 31) {
        throw new NativeFailure(`${dtype}[${length}] in one array`, "an array has less than 2 GiB there");
      }
    }
    return super.load(plan);
  }

  protected render(kernel: LoopNest | Contraction): KernelText {
    return this.renderer.render(kernel, this.workshop.target);
  }

  protected addKernels(kernels: readonly KernelText[], first: number): void {
    this.workshop.install(kernels, (path, symbols, positions, links) => {
      for (const { variable, library, name } of links) {
        const problem = this.driver.link(path, variable, library, name);
        if (problem !== undefined) return problem;
      }
      return this.driver.load(
        path,
        symbols,
        positions.map((position) => first + position),
      );
    });
  }
}
