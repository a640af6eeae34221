import type { TensorType } from "../base/type.ts";
import type { Plan } from "../lang/kernel/kernel.ts";
import { interpretEquation, literalArray } from "../lang/program/interpret.ts";
import type { Operand, Parameters, Primitive } from "../lang/program/primitive.ts";
import { Literal, type Program } from "../lang/program/program.ts";
import { CompiledRunner, type Executable } from "./compiled-runner.ts";
import { type Device, hostArrayOf, storageOf } from "./device.ts";
import { DeviceMemory, type Heap } from "./device-memory.ts";
import { EagerCache } from "./eager.ts";
import { Storage } from "./storage.ts";

/** A renderer with its runtime: memory, and plans made executable. */
export interface Runtime extends Heap {
  load(plan: Plan): Executable;
}

/** Bytes that cached copies of host tensors may take on a device. */
const copyBudget = 256 * 2 ** 20;

/** A device of the CPU that compiles programs. */
export class CompiledDevice implements Device {
  readonly name: string;
  readonly #runtime: Runtime;
  readonly #memory: DeviceMemory;
  readonly #eager: EagerCache;

  /** `loadEager` makes the plans of single operations executable, on the same memory; default: as all others. */
  constructor(
    name: string,
    runtime: Runtime,
    loadEager: (plan: Plan) => Executable = (plan) => runtime.load(plan),
  ) {
    this.name = name;
    this.#runtime = runtime;
    this.#memory = new DeviceMemory(name, runtime, copyBudget);
    this.#eager = new EagerCache((program) => new CompiledRunner(program, [], this.#memory, loadEager));
  }

  prepare(program: Program, donations: readonly (string | undefined)[]): CompiledRunner {
    return new CompiledRunner(program, donations, this.#memory, (plan) => this.#runtime.load(plan));
  }

  evaluate(
    primitive: Primitive,
    inputs: readonly Operand[],
    parameters: Parameters,
    types: readonly TensorType[],
    scope: string,
  ): Storage[] {
    const { kind } = primitive.lowering;
    // The same elements under another shape, constants, and whole-array routines need no kernel.
    if (kind === "alias" || kind === "barrier" || kind === "routine" || inputs.length === 0) {
      const arrays = inputs.map((input) =>
        input instanceof Literal ? literalArray(input) : hostArrayOf(input, primitive.name),
      );
      const results =
        kind === "alias" || kind === "barrier"
          ? arrays.map(({ data }) => data)
          : interpretEquation(primitive, arrays, parameters, types, scope);
      return results.map((data) => new Storage(data));
    }
    const operands = inputs.map((input) =>
      input instanceof Literal ? input.value : storageOf(input, primitive.name),
    );
    // A call is its body; what else it carries (the user's gradient) plays no part here.
    const { body } = parameters;
    const relevant = kind === "call" ? { body } : parameters;
    return this.#eager.runnerFor(primitive, inputs, relevant, types, scope).run(operands);
  }
}
