import { dtypeFacts, type TypedArray } from "../../base/dtype.ts";
import type { Plan } from "../../lang/kernel/kernel.ts";
import type { PlanWords, Root, RoutineCall } from "./plan-words.ts";
import type { WasmHeap } from "./wasm-heap.ts";

/** What a program needs of its runtime. */
export interface ProgramHost {
  readonly heap: WasmHeap;
  /** Where the arena lies now. */
  readonly arena: number;
  execute(commands: number): number;
  setRoutine(number: number, routine: (() => void) | undefined): void;
}

/** A loaded plan: its commands and arguments in memory. Addresses that did not change since the last run stay as they are. */
export class Executable {
  readonly #host: ProgramHost;
  readonly #heap: WasmHeap;
  readonly #commands: number;
  readonly #words: number;
  readonly #constants: number;
  readonly #inputPatches: readonly Int32Array[];
  readonly #outputPatches: readonly Int32Array[];
  readonly #arenaPatches: Int32Array;
  readonly #routines: readonly number[];
  readonly #inputs: number[];
  readonly #outputs: number[];
  #arena = -1;
  #released = false;

  constructor(host: ProgramHost, plan: Plan, layout: PlanWords) {
    this.#host = host;
    this.#heap = host.heap;
    this.#words = this.#heap.allocate(4 * layout.words.length);
    this.#constants = layout.constantBytes > 0 ? this.#heap.allocate(layout.constantBytes) : 0;
    this.#commands = this.#words + 4 * layout.start;
    const first = this.#words / 4;
    this.#heap.words.set(layout.words, first);
    for (const position of layout.own) this.#heap.words[first + position] += this.#words;
    const patches = new Map(
      [...layout.patches].map(([root, list]) => {
        return [root, Int32Array.from(list, (number, k) => (k % 2 === 0 ? first + number : number))] as const;
      }),
    );
    const patchesOf = (root: Root): Int32Array => patches.get(root) ?? new Int32Array(0);
    const inputs = countOf(plan, "input");
    const outputs = Math.max(countOf(plan, "output"), plan.outputs.length);
    this.#inputPatches = Array.from({ length: inputs }, (_, k) => patchesOf(`input ${k}`));
    this.#outputPatches = Array.from({ length: outputs }, (_, k) => patchesOf(`output ${k}`));
    this.#arenaPatches = patchesOf("arena");
    this.#inputs = this.#inputPatches.map(() => -1);
    this.#outputs = this.#outputPatches.map(() => -1);
    this.#uploadConstants(plan, layout.constantOffsets);
    this.#patch(patchesOf("constants"), this.#constants);
    this.#routines = layout.routines.map((call) => call.number);
    for (const call of layout.routines) host.setRoutine(call.number, () => this.#callRoutine(plan, call));
  }

  /** Runs on the byte addresses of inputs and outputs; the result is the error word, 0 if no check failed. */
  run(inputs: readonly number[], outputs: readonly number[]): number {
    if (this.#released) throw new TypeError("a released program cannot run");
    if (this.#arena !== this.#host.arena) {
      this.#arena = this.#host.arena;
      this.#patch(this.#arenaPatches, this.#arena);
    }
    for (let k = 0; k < this.#inputs.length; k++) {
      if (this.#inputs[k] === inputs[k]) continue;
      this.#inputs[k] = inputs[k];
      this.#patch(this.#inputPatches[k], inputs[k]);
    }
    for (let k = 0; k < this.#outputs.length; k++) {
      if (this.#outputs[k] === outputs[k]) continue;
      this.#outputs[k] = outputs[k];
      this.#patch(this.#outputPatches[k], outputs[k]);
    }
    return this.#host.execute(this.#commands);
  }

  /** Gives back the memory of commands, arguments and constants. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    for (const number of this.#routines) this.#host.setRoutine(number, undefined);
    this.#heap.free(this.#words);
    if (this.#constants !== 0) this.#heap.free(this.#constants);
  }

  #patch(list: Int32Array, address: number): void {
    const { words } = this.#heap;
    for (let k = 0; k < list.length; k += 2) words[list[k]] = address + list[k + 1];
  }

  #uploadConstants(plan: Plan, offsets: readonly number[]): void {
    const bytes = new Uint8Array(this.#heap.buffer);
    plan.buffers.forEach(({ place }, k) => {
      if (place.kind !== "constant") return;
      const { buffer, byteOffset, byteLength } = place.data;
      bytes.set(new Uint8Array(buffer, byteOffset, byteLength), this.#constants + offsets[k]);
    });
  }

  #callRoutine(plan: Plan, { routine, buffers, position }: RoutineCall): void {
    const { words, buffer: memory } = this.#heap;
    const arrays = buffers.map((buffer, k): TypedArray => {
      const { dtype, length } = plan.buffers[buffer];
      return dtypeFacts[dtype].view(memory, words[this.#words / 4 + position + k] >>> 0, length);
    });
    routine.run(arrays);
  }
}

// One more than the largest number of an input or output that a buffer lies in.
function countOf(plan: Plan, kind: "input" | "output"): number {
  return plan.buffers.reduce((count, { place }) => {
    if (place.kind === "input" && kind === "input") return Math.max(count, place.input + 1);
    if (place.kind === "output" && kind === "output") return Math.max(count, place.output + 1);
    return count;
  }, 0);
}
