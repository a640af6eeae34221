import { describe, expect, it } from "vitest";
import { DeviceMemory } from "./device-memory.ts";
import { Storage } from "./storage.ts";

class CountingHeap {
  readonly buffer = new ArrayBuffer(1 << 16);
  readonly live = new Set<number>();
  limit = Number.POSITIVE_INFINITY;
  private end = 64;

  allocate(bytes: number): number {
    if (this.live.size >= this.limit) throw new RangeError("no room");
    const address = this.end;
    this.end += Math.ceil(bytes / 64) * 64;
    this.live.add(address);
    return address;
  }

  free(address: number): void {
    if (!this.live.delete(address)) throw new Error(`block ${address} is freed twice`);
  }
}

const storage = (value: number): Storage => new Storage(new Float32Array(8).fill(value));

describe("DeviceMemory", () => {
  it("drops the copies that rest longest, never those of the running program", () => {
    const heap = new CountingHeap();
    const memory = new DeviceMemory("test", heap, 4 * 32);
    const storages = [0, 1, 2, 3].map(storage);
    const read = (...which: number[]): void => {
      memory.startRun();
      const temporaries: number[] = [];
      for (const i of which) {
        const address = memory.addressOf(storages[i], temporaries);
        expect(memory.download("f32", address, 8)).toEqual(new Float32Array(8).fill(i));
      }
      for (const address of temporaries) memory.release(address);
    };
    read(0, 1, 2, 3);
    expect(heap.live.size).toBe(0);
    read(0, 1, 2, 3);
    expect(heap.live.size).toBe(4);
    read(1);
    // A fifth copy drops all but what was read last.
    storages.push(storage(4));
    read(4);
    read(4);
    const kept = storages.map(({ block }) => block !== undefined && block.address !== 0);
    expect(kept).toEqual([false, true, false, false, true]);
    expect(heap.live.size).toBe(2);
    // More than the budget in one run: what does not fit is uploaded for the run.
    read(0, 1, 2, 3, 4);
    expect(heap.live.size).toBeLessThanOrEqual(4);
  });

  it("fetches elements that another device holds", () => {
    const heaps = [new CountingHeap(), new CountingHeap()];
    const [a, b] = heaps.map((heap, i) => new DeviceMemory(`device ${i}`, heap, 1024));
    const onA = new Storage(undefined, a.take(storage(7)));
    expect(onA.device).toBe("device 0");
    const block = b.take(onA);
    expect([block.memory.device, b.download("f32", block.address, 1)]).toEqual([
      "device 1",
      Float32Array.of(7),
    ]);
  });

  it("drops copies when memory is short", () => {
    const heap = new CountingHeap();
    const memory = new DeviceMemory("test", heap, 1024);
    const [old, current] = [storage(1), storage(2)];
    for (const run of [old, old, current, current]) {
      memory.startRun();
      const temporaries: number[] = [];
      memory.addressOf(run, temporaries);
      for (const address of temporaries) memory.release(address);
    }
    heap.limit = heap.live.size;
    memory.allocate(32);
    expect([old.block?.address, current.block?.address === 0]).toEqual([0, false]);
    expect(() => memory.allocate(32)).toThrow("no room");
  });

  it("returns a block once", () => {
    const heap = new CountingHeap();
    const memory = new DeviceMemory("test", heap, 1024);
    const block = memory.take(storage(1));
    memory.releaseBlock(block);
    memory.releaseBlock(block);
    expect([heap.live.size, block.address]).toEqual([0, 0]);
  });
});
