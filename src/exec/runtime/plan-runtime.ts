import type { Command, Contraction, Kernel, LoopNest, Plan } from "../../lang/kernel/kernel.ts";
import { listsOf } from "../../lang/kernel/overwrites.ts";
import type { RenderedKernel } from "../../lang/kernel/rendered.ts";
import { Executable } from "./executable.ts";
import { type KernelCode, PlanWords } from "./plan-words.ts";
import { WasmHeap } from "./wasm-heap.ts";

type KernelCommand = Extract<Command, { kind: "kernel" }>;

/** A device's runtime: one memory, compiled kernels by key, and programs that run on them. */
export abstract class PlanRuntime<K extends RenderedKernel> {
  readonly heap: WasmHeap;
  /** Where values between kernels live; one program runs at a time, so all share it. */
  arena = 0;
  #arenaBytes = 0;
  readonly #indices = new Map<string, number>();
  readonly #routines = new Map<number, () => void>();
  #nextRoutine = 0;

  /** Runtimes on one heap can run programs on the same tensors. */
  constructor(heap: WasmHeap = new WasmHeap()) {
    this.heap = heap;
  }

  /** Runs commands; the result is the error word. */
  abstract execute(commands: number): number;

  /** The code of a kernel as text or instructions, with its numbers. */
  protected abstract render(kernel: LoopNest | Contraction): K;

  /** Compiles kernels into the function table, the first at index `first`. */
  protected abstract addKernels(kernels: readonly K[], first: number): void;

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
    const codes = this.#compile(plan);
    const codeOf = ({ kernel }: KernelCommand): KernelCode => {
      const code = codes.get(kernel);
      if (code === undefined) throw new TypeError(`kernel '${kernel.name}' was not compiled`);
      return code;
    };
    const words = new PlanWords(plan, codeOf, this.#nextRoutine);
    this.#nextRoutine += words.routines.length;
    this.#reserveArena(words.arenaBytes);
    return new Executable(this, plan, words);
  }

  /** Sets the host function of a number, or removes it. */
  setRoutine(number: number, routine: (() => void) | undefined): void {
    if (routine === undefined) this.#routines.delete(number);
    else this.#routines.set(number, routine);
  }

  /** Runs the host function of a number. */
  protected callRoutine(number: number): void {
    this.#routines.get(number)?.();
  }

  /** Makes room for the values of a program; the arena may move. */
  #reserveArena(bytes: number): void {
    if (bytes <= this.#arenaBytes) return;
    if (this.arena !== 0) this.heap.free(this.arena);
    try {
      this.arena = this.heap.allocate(bytes);
    } catch (error) {
      // What was just freed is there for the programs loaded before.
      if (this.arena !== 0) this.arena = this.heap.allocate(this.#arenaBytes);
      throw error;
    }
    this.#arenaBytes = bytes;
  }

  // The numbers of each kernel, and its code in the table.
  #compile(plan: Plan): Map<Kernel, KernelCode> {
    // Graphs are large: only those of new kernels are kept until they are compiled.
    const numbers = new Map<Kernel, Omit<KernelCode, "index"> & { readonly key: string }>();
    const fresh = new Map<string, K>();
    for (const kernel of kernelsOf(plan.commands)) {
      const rendered = this.render(kernel);
      const { key, words, scratchBytes, parts = 1 } = rendered;
      if (!this.#indices.has(key)) fresh.set(key, rendered);
      numbers.set(kernel, { key, words, scratchBytes, parts });
    }
    if (fresh.size > 0) {
      const first = this.#indices.size;
      this.addKernels([...fresh.values()], first);
      for (const key of fresh.keys()) this.#indices.set(key, this.#indices.size);
    }
    const codes = new Map<Kernel, KernelCode>();
    for (const [kernel, { key, words, scratchBytes, parts }] of numbers) {
      const index = this.#indices.get(key);
      if (index !== undefined) codes.set(kernel, { index, words, scratchBytes, parts });
    }
    return codes;
  }
}

function kernelsOf(commands: readonly Command[]): (LoopNest | Contraction)[] {
  return commands.flatMap((command) => {
    if (command.kind === "kernel") return command.kernel.kind === "routine" ? [] : [command.kernel];
    return listsOf(command).flatMap(kernelsOf);
  });
}
