import { type DType, dtypeFacts, type TypedArray } from "../base/dtype.ts";
import { Block, type BlockMemory, type Storage } from "./storage.ts";

/** The allocator of a device whose memory the host can address. */
export interface Heap {
  /** The memory as it is now; growing it gives another buffer. */
  readonly buffer: ArrayBufferLike;
  /** The address of a fresh 64-byte-aligned range. */
  allocate(bytes: number): number;
  free(address: number): void;
}

/** What the finalizer needs of a block that died. */
interface Held {
  /** 0 once given back. */
  address: number;
  readonly bytes: number;
  /** Set for a copy of immutable data, which may be dropped at any time. */
  copyOf?: WeakRef<Block>;
}

/**
 * Moves elements between host and device.
 *
 * Finalizers never run inside a synchronous loop, so only what cannot pile up is left to them: donated state, which
 * moves on from run to run, and cached copies, which a byte budget bounds.
 */
export class DeviceMemory implements BlockMemory {
  readonly device: string;
  readonly #heap: Heap;
  readonly #copyBudget: number;
  readonly #held = new WeakMap<Block, Held>();
  readonly #copies = new Set<Held>();
  #copiedBytes = 0;
  #clock = 0;
  #views: Readonly<Record<DType, TypedArray>>;
  readonly #finalizers = new FinalizationRegistry<Held>((held) => this.#free(held));

  constructor(device: string, heap: Heap, copyBudget: number) {
    this.device = device;
    this.#heap = heap;
    this.#copyBudget = copyBudget;
    this.#views = viewsOf(heap.buffer);
  }

  /** Starts a run: copies read from now on stay until the next one starts. */
  startRun(): number {
    return ++this.#clock;
  }

  /** The address of a fresh block; cached copies give way when memory is short. */
  allocate(bytes: number): number {
    try {
      return this.#heap.allocate(Math.max(bytes, 1));
    } catch (error) {
      if (this.#copies.size === 0) throw error;
      this.#dropCopies(0);
      return this.#heap.allocate(Math.max(bytes, 1));
    }
  }

  release(address: number): void {
    this.#heap.free(address);
  }

  /** The address of a storage's elements for reading; a block for this run alone is added to `temporaries`. */
  addressOf(storage: Storage, temporaries: number[]): number {
    const { block } = storage;
    if (block !== undefined && block.address !== 0 && block.memory === this) {
      block.lastUsed = this.#clock;
      return block.address;
    }
    const host = hostOf(storage);
    if (storage.wasUploaded && this.#makeRoom(host.byteLength)) {
      storage.block = this.#keepCopy(host);
      return storage.block.address;
    }
    storage.wasUploaded = true;
    const address = this.#upload(host);
    temporaries.push(address);
    return address;
  }

  /** Takes the block of a storage that is given away, copying the elements to the device where they are not there. */
  take(storage: Storage): Block {
    const { block } = storage;
    if (block === undefined || block.address === 0 || block.memory !== this) {
      const host = hostOf(storage);
      return this.#own(this.#upload(host), dtypeOf(host), host.length);
    }
    const held = this.#held.get(block);
    if (held !== undefined) this.#forgetCopy(held);
    return block;
  }

  /** A block of its own with the elements of a storage. */
  duplicate(storage: Storage): Block {
    const { block } = storage;
    if (block === undefined || block.address === 0 || block.memory !== this) return this.take(storage);
    const { dtype, length } = block;
    const bytes = length * dtypeFacts[dtype].bytes;
    const address = this.allocate(bytes);
    this.#view("u8").copyWithin(address, block.address, block.address + bytes);
    return this.#own(address, dtype, length);
  }

  /** Gives a block back at once. */
  releaseBlock(block: Block): void {
    const held = this.#held.get(block);
    if (held === undefined) return;
    this.#finalizers.unregister(block);
    this.#held.delete(block);
    block.address = 0;
    this.#free(held);
  }

  /** A fresh host array with the elements at an address. */
  download(dtype: DType, address: number, length: number): TypedArray {
    const start = address / dtypeFacts[dtype].bytes;
    return this.#view(dtype).slice(start, start + length);
  }

  /** Writes one element. */
  write(dtype: DType, address: number, value: number): void {
    this.#view(dtype)[address / dtypeFacts[dtype].bytes] = value;
  }

  #upload(host: TypedArray): number {
    const address = this.allocate(host.byteLength);
    this.#view(dtypeOf(host)).set(host, address / host.BYTES_PER_ELEMENT);
    return address;
  }

  #keepCopy(host: TypedArray): Block {
    const { byteLength } = host;
    const block = this.#own(this.#upload(host), dtypeOf(host), host.length);
    block.lastUsed = this.#clock;
    const held = this.#held.get(block);
    if (held !== undefined) {
      held.copyOf = new WeakRef(block);
      this.#copies.add(held);
      this.#copiedBytes += byteLength;
    }
    return block;
  }

  /** True when one more copy fits; drops the copies that rest longest, but none that this run reads. */
  #makeRoom(bytes: number): boolean {
    if (this.#copiedBytes + bytes <= this.#copyBudget) return true;
    // Half of the budget at once, so that this is rare.
    this.#dropCopies(this.#copyBudget / 2 - bytes);
    return this.#copiedBytes + bytes <= this.#copyBudget;
  }

  #dropCopies(bytesToKeep: number): void {
    for (const held of [...this.#copies].sort((a, b) => lastUsed(a) - lastUsed(b))) {
      if (this.#copiedBytes <= bytesToKeep || lastUsed(held) === this.#clock) break;
      const block = held.copyOf?.deref();
      if (block === undefined) this.#free(held);
      else this.releaseBlock(block);
    }
  }

  #own(address: number, dtype: DType, length: number): Block {
    const block = new Block(this, address, dtype, length);
    const held: Held = { address, bytes: length * dtypeFacts[dtype].bytes };
    this.#held.set(block, held);
    this.#finalizers.register(block, held, block);
    return block;
  }

  #free(held: Held): void {
    this.#forgetCopy(held);
    if (held.address !== 0) this.#heap.free(held.address);
    held.address = 0;
  }

  #forgetCopy(held: Held): void {
    if (this.#copies.delete(held)) this.#copiedBytes -= held.bytes;
  }

  #view(dtype: DType): TypedArray {
    if (this.#views.u8.buffer !== this.#heap.buffer) this.#views = viewsOf(this.#heap.buffer);
    return this.#views[dtype];
  }
}

/** The host array of a storage, fetched when only another device holds it. */
function hostOf(storage: Storage): TypedArray {
  storage.host ??= storage.read();
  return storage.host;
}

/** A dtype whose arrays are of the same kind, so that copying is a plain copy of bytes. */
function dtypeOf(host: TypedArray): DType {
  if (host instanceof Float32Array) return "f32";
  if (host instanceof Float64Array) return "f64";
  if (host instanceof Int32Array) return "i32";
  return host instanceof Uint32Array ? "u32" : "u8";
}

function lastUsed(held: Held): number {
  return held.copyOf?.deref()?.lastUsed ?? 0;
}

function viewsOf(buffer: ArrayBufferLike): Readonly<Record<DType, TypedArray>> {
  const whole = (dtype: DType): TypedArray => {
    const { bytes, view } = dtypeFacts[dtype];
    return view(buffer, 0, Math.floor(buffer.byteLength / bytes));
  };
  return {
    f32: whole("f32"),
    f64: whole("f64"),
    i32: whole("i32"),
    u32: whole("u32"),
    u8: whole("u8"),
    bool: whole("bool"),
  };
}
