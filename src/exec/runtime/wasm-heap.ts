import { NeuriteError } from "../../base/error.ts";
import { firstFreeAddress } from "../../lang/kernel/machine.ts";

const pageBytes = 65536;
const maximumPages = 65536;
const alignment = 64;
// Smaller blocks are cut from slabs, so that they do not break up the space of larger ones.
const slabBytes = 262144;

interface Range {
  address: number;
  bytes: number;
}

/**
 * 64-byte-aligned blocks of a growing WebAssembly memory, which native code addresses too. A freed block waits for a request of its size; when no block fits,
 * waiting blocks are joined with their neighbours. What lies before the first of them belongs to the driver (machine.ts).
 */
export class WasmHeap {
  readonly memory: WebAssembly.Memory;
  /** The most pages of the memory, if threads share it. */
  readonly sharedPages: number | undefined;
  /** The memory as 32-bit words; growing it gives another view. */
  words: Int32Array<ArrayBufferLike>;
  readonly #sizes = new Map<number, number>();
  readonly #waiting = new Map<number, number[]>();
  /** Joined free ranges by address, none touching another. */
  #ranges: Range[] = [];
  #end = firstFreeAddress;

  /** `shared`: with other threads. */
  constructor(shared = false) {
    this.sharedPages = shared ? maximumPages : undefined;
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: maximumPages, shared });
    this.words = new Int32Array(this.memory.buffer);
  }

  get buffer(): ArrayBufferLike {
    return this.memory.buffer;
  }

  /** The address of a block. */
  allocate(bytes: number): number {
    const size = Math.max(alignment, Math.ceil(bytes / alignment) * alignment);
    const address = this.#waitingBlock(size) ?? this.#takeRange(size) ?? this.#makeRoom(size);
    this.#sizes.set(address, size);
    return address;
  }

  free(address: number): void {
    const size = this.#sizes.get(address);
    if (size === undefined) throw new RangeError(`no block of wasm memory begins at ${address}`);
    this.#sizes.delete(address);
    const list = this.#waiting.get(size);
    if (list === undefined) this.#waiting.set(size, [address]);
    else list.push(address);
  }

  #waitingBlock(size: number): number | undefined {
    return this.#waiting.get(size)?.pop();
  }

  #makeRoom(size: number): number {
    const isLarge = size >= slabBytes;
    if (isLarge || this.#end + slabBytes > maximumPages * pageBytes) {
      this.#join();
      const address = this.#takeRange(size);
      if (address !== undefined) return address;
    }
    if (isLarge) return this.#fresh(size);
    const slab = this.#fresh(slabBytes);
    this.#ranges.push({ address: slab + size, bytes: slabBytes - size });
    return slab;
  }

  // The smallest free range that is large enough.
  #takeRange(size: number): number | undefined {
    let best: Range | undefined;
    for (const range of this.#ranges) {
      if (range.bytes >= size && (best === undefined || range.bytes < best.bytes)) best = range;
    }
    if (best === undefined) return undefined;
    const { address } = best;
    best.address += size;
    best.bytes -= size;
    if (best.bytes === 0) this.#ranges.splice(this.#ranges.indexOf(best), 1);
    return address;
  }

  // Joins the waiting blocks with one another and with the free ranges.
  #join(): void {
    if (this.#waiting.size === 0) return;
    for (const [bytes, addresses] of this.#waiting) {
      for (const address of addresses) this.#ranges.push({ address, bytes });
    }
    this.#waiting.clear();
    this.#ranges.sort((a, b) => a.address - b.address);
    const joined: Range[] = [];
    for (const range of this.#ranges) {
      const last = joined.at(-1);
      if (last !== undefined && last.address + last.bytes === range.address) last.bytes += range.bytes;
      else joined.push(range);
    }
    this.#ranges = joined;
  }

  #fresh(size: number): number {
    // A free range at the end shrinks the need.
    const last = this.#ranges.at(-1);
    const address = last !== undefined && last.address + last.bytes === this.#end ? last.address : this.#end;
    this.#grow(address + size);
    if (address !== this.#end) this.#ranges.pop();
    this.#end = address + size;
    return address;
  }

  #grow(bytes: number): void {
    const pages = this.buffer.byteLength / pageBytes;
    const needed = Math.ceil(bytes / pageBytes);
    if (needed <= pages) return;
    if (needed > maximumPages) throw outOfMemory(bytes, "it addresses at most 4 GiB");
    // Growing by a quarter keeps growing rare; what is not touched takes no memory.
    const wanted = Math.min(maximumPages, Math.max(needed, Math.ceil(pages * 1.25)));
    try {
      this.memory.grow(wanted - pages);
    } catch {
      throw outOfMemory(bytes, "the engine refuses to grow it");
    }
    this.words = new Int32Array(this.memory.buffer);
  }
}

function outOfMemory(bytes: number, hint: string): NeuriteError {
  return new NeuriteError({
    operation: "device memory",
    got: `a need of ${(bytes / 2 ** 30).toFixed(2)} GiB`,
    expected: "less",
    hint: `${hint}; use smaller batches or another device`,
  });
}
