import type { DType, TypedArray } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { Concrete } from "../lang/program/tensor.ts";

/** A memory that holds blocks. */
export interface BlockMemory {
  /** The device's name. */
  readonly device: string;
  /** A fresh host array with the elements at an address. */
  download(dtype: DType, address: number, length: number): TypedArray;
}

/** A range of a device's memory. */
export class Block {
  readonly memory: BlockMemory;
  /** 0 once the range was given back. */
  address: number;
  readonly dtype: DType;
  readonly length: number;
  /** When a program last read it: a copy that rests longest is dropped first. */
  lastUsed = 0;

  constructor(memory: BlockMemory, address: number, dtype: DType, length: number) {
    this.memory = memory;
    this.address = address;
    this.dtype = dtype;
    this.length = length;
  }
}

/** The elements of a concrete tensor: an array of the host that nobody writes to, a block of a device, or both. */
export class Storage extends Concrete {
  host: TypedArray | undefined;
  block: Block | undefined;
  /** True once a program has read it from the host: from the second time on the device keeps a copy. */
  wasUploaded = false;
  /** The number of the last run that read it. */
  lastRun = 0;
  /** What it was donated to, when it was: the elements are gone. */
  donatedTo: string | undefined = undefined;

  constructor(host: TypedArray | undefined, block?: Block) {
    super();
    this.host = host;
    this.block = block;
  }

  /** The device that holds the only copy, else `host`. */
  get device(): string {
    return this.host === undefined && this.block !== undefined ? this.block.memory.device : "host";
  }

  /** The elements, for reading only; throws when they were donated. */
  read(): TypedArray {
    if (this.host !== undefined) return this.host;
    if (this.donatedTo !== undefined) throw donatedError(this.donatedTo);
    if (this.block === undefined) throw new Error("a storage has neither a host array nor a block");
    const { memory, dtype, address, length } = this.block;
    return memory.download(dtype, address, length);
  }

  /** Gives the elements away: using the tensor again is an error. */
  donate(to: string): void {
    this.host = undefined;
    this.block = undefined;
    this.donatedTo = to;
  }
}

/** The error for elements that were donated. */
export function donatedError(donatedTo: string): NeuriteError {
  return new NeuriteError({
    operation: "use of a donated tensor",
    got: `a tensor that was given away as ${donatedTo}`,
    expected: "a tensor that is not donated",
    hint: "use what the function returned in its place, or do not list the argument in 'donate'",
  });
}
