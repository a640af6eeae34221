import { type DType, dtypeFacts } from "../base/dtype.ts";
import { sizeOf } from "../base/shape.ts";
import { compile } from "../exec/compiler/index.ts";
import type { Plan } from "../lang/kernel/kernel.ts";
import { checksAfterOverwrite } from "../lang/kernel/overwrites.ts";
import { failedCheck } from "../lang/program/interpret.ts";
import type { Program } from "../lang/program/program.ts";
import type { Runner } from "./device.ts";
import type { DeviceMemory } from "./device-memory.ts";
import { type Block, donatedError, Storage } from "./storage.ts";

/** A plan that a runtime has loaded. */
export interface Executable {
  /** Runs on byte addresses of inputs and outputs; the result is the error word, 0 if no check failed. */
  run(inputs: readonly number[], outputs: readonly number[]): number;
  release(): void;
}

interface Output {
  readonly dtype: DType;
  readonly length: number;
  readonly bytes: number;
  /** The donated input that is updated in place. */
  readonly input: number | undefined;
}

/** What a runner holds outside the garbage-collected heap. */
interface Holding {
  readonly memory: DeviceMemory;
  readonly executable: Executable;
  /** Where the scalars that change from run to run are written; 0 before the first run. */
  readonly scalarAddresses: number[];
}

/** Programs of functions that nobody can call any more are unloaded. */
const forgotten: FinalizationRegistry<Holding> = /*#__PURE__*/ new FinalizationRegistry(unload);

function unload({ memory, executable, scalarAddresses }: Holding): void {
  executable.release();
  for (const address of scalarAddresses) if (address !== 0) memory.release(address);
  scalarAddresses.fill(0);
}

/** A compiled program: brings its inputs to the device, runs it, and fetches what does not stay there. */
export class CompiledRunner implements Runner {
  readonly plan: Plan;
  readonly #memory: DeviceMemory;
  readonly #executable: Executable;
  readonly #donations: readonly (string | undefined)[];
  readonly #donated: readonly number[];
  /** Whether a check may fail when donated inputs are overwritten already: then copies are given away. */
  readonly #givesCopies: boolean;
  readonly #inputTypes: readonly DType[];
  readonly #outputs: readonly Output[];
  readonly #addresses: number[];
  readonly #outputAddresses: number[];
  readonly #blocks: (Block | undefined)[];
  readonly #scalarAddresses: number[];
  readonly #holding: Holding;
  readonly #temporaries: number[] = [];

  constructor(
    program: Program,
    donations: readonly (string | undefined)[],
    memory: DeviceMemory,
    load: (plan: Plan) => Executable,
  ) {
    this.plan = compile(program, { donated: donations.map((donation) => donation !== undefined) });
    this.#memory = memory;
    this.#executable = load(this.plan);
    this.#donations = donations;
    this.#donated = donations.flatMap((donation, i) => (donation === undefined ? [] : [i]));
    this.#givesCopies = checksAfterOverwrite(this.plan);
    this.#inputTypes = program.inputs.map(({ type }) => type.dtype);
    this.#outputs = this.plan.outputs.map((buffer, k) => {
      const { place } = this.plan.buffers[buffer];
      const { dtype, shape } = program.outputs[k].type;
      const length = sizeOf(shape);
      const input = place.kind === "input" ? place.input : undefined;
      return { dtype, length, bytes: length * dtypeFacts[dtype].bytes, input };
    });
    this.#addresses = program.inputs.map(() => 0);
    this.#outputAddresses = program.outputs.map(() => 0);
    this.#blocks = program.inputs.map(() => undefined);
    this.#scalarAddresses = program.inputs.map(() => 0);
    this.#holding = { memory, executable: this.#executable, scalarAddresses: this.#scalarAddresses };
    forgotten.register(this, this.#holding, this);
  }

  run(inputs: readonly (Storage | number)[]): Storage[] {
    const memory = this.#memory;
    const addresses = this.#addresses;
    const outputAddresses = this.#outputAddresses;
    const temporaries = this.#temporaries;
    try {
      this.#bringInputs(inputs);
      for (let k = 0; k < this.#outputs.length; k++) {
        const { input, bytes } = this.#outputs[k];
        if (input === undefined) {
          outputAddresses[k] = memory.allocate(bytes);
          temporaries.push(outputAddresses[k]);
        } else outputAddresses[k] = addresses[input];
      }
      const error = this.#execute(inputs);
      // The run ended before it overwrote anything.
      if (error !== 0) throw failedCheck(this.plan.checks[error - 1]);
      this.#giveAway(inputs);
      return this.#fetchOutputs();
    } finally {
      for (let i = 0; i < temporaries.length; i++) memory.release(temporaries[i]);
      temporaries.length = 0;
      for (const i of this.#donated) {
        const block = this.#blocks[i];
        const input = inputs[i];
        this.#blocks[i] = undefined;
        // After a failed check an input still has its block.
        if (block === undefined || (typeof input !== "number" && input.block === block)) continue;
        memory.releaseBlock(block);
      }
    }
  }

  release(): void {
    forgotten.unregister(this);
    unload(this.#holding);
  }

  #bringInputs(inputs: readonly (Storage | number)[]): void {
    const memory = this.#memory;
    const addresses = this.#addresses;
    const temporaries = this.#temporaries;
    const donations = this.#donations;
    const run = memory.startRun();
    for (let i = 0; i < inputs.length; i++) {
      const input = inputs[i];
      if (donations[i] !== undefined) continue;
      if (typeof input === "number") addresses[i] = this.#writeScalar(i, input);
      else {
        addresses[i] = memory.addressOf(input, temporaries);
        input.lastRun = run;
      }
    }
    // A storage that is also read, or given away twice, is given away as a copy.
    for (const i of this.#donated) {
      const input = inputs[i];
      if (typeof input === "number") throw new Error("a number cannot be donated");
      if (input.donatedTo !== undefined) throw donatedError(input.donatedTo);
      if (this.#givesCopies || input.lastRun === run) this.#blocks[i] = memory.duplicate(input);
      input.lastRun = run;
    }
    for (const i of this.#donated) {
      const input = inputs[i];
      if (typeof input === "number") continue;
      const block = this.#blocks[i] ?? memory.take(input);
      this.#blocks[i] = block;
      addresses[i] = block.address;
    }
  }

  #execute(inputs: readonly (Storage | number)[]): number {
    try {
      return this.#executable.run(this.#addresses, this.#outputAddresses);
    } catch (error) {
      // Nobody knows what it has overwritten.
      this.#giveAway(inputs);
      throw error;
    }
  }

  /** The donated inputs hold nothing any more. */
  #giveAway(inputs: readonly (Storage | number)[]): void {
    for (const i of this.#donated) {
      const input = inputs[i];
      const donation = this.#donations[i];
      if (typeof input !== "number" && donation !== undefined) input.donate(donation);
    }
  }

  #writeScalar(input: number, value: number): number {
    if (this.#scalarAddresses[input] === 0) this.#scalarAddresses[input] = this.#memory.allocate(8);
    this.#memory.write(this.#inputTypes[input], this.#scalarAddresses[input], value);
    return this.#scalarAddresses[input];
  }

  #fetchOutputs(): Storage[] {
    const storages = new Array<Storage>(this.#outputs.length);
    for (let k = 0; k < storages.length; k++) {
      const { dtype, length, input } = this.#outputs[k];
      const block = input === undefined ? undefined : this.#blocks[input];
      if (block === undefined || input === undefined) {
        storages[k] = new Storage(this.#memory.download(dtype, this.#outputAddresses[k], length));
      } else {
        storages[k] = new Storage(undefined, block);
        this.#blocks[input] = undefined;
      }
    }
    return storages;
  }
}
