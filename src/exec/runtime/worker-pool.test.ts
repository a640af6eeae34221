import { expect, test } from "vitest";
import { runKernels } from "../../../test/compiled-runtimes.ts";
import type { LoopNest } from "../../lang/kernel/kernel.ts";
import { poolAddresses } from "../../lang/kernel/machine.ts";
import * as s from "../../lang/kernel/scalar.ts";
import { wasmRenderer } from "../render/wasm/kernels.ts";
import type { RenderedKernel } from "../render/wasm/rendered.ts";
import { WasmRuntime } from "./wasm.ts";
import { WasmHeap } from "./wasm-heap.ts";

const length = 50_003;
const index = { offset: 0, coefficients: [1], dynamic: [] };
const x = { kind: "load", dtype: "f32", buffer: 1, index, guards: [], fill: 0 } as const;
const squares: LoopNest = {
  kind: "loops",
  name: "squares",
  space: [length],
  inner: [],
  buffers: [
    { dtype: "f32", access: "write" },
    { dtype: "f32", access: "read" },
  ],
  statements: [
    { kind: "store", level: "outer", mode: "set", buffer: 0, index, guards: [], value: s.mul(x, x) },
  ],
};
const numbers = Float32Array.from({ length }, (_, k) => k / 7);
const expected = numbers.map((number) => number * number);

function runtimeWith(threads: number, heap: WasmHeap): WasmRuntime<RenderedKernel> {
  const runtime = new WasmRuntime(wasmRenderer, heap);
  runtime.useThreads(threads);
  return runtime;
}

test("workers do a task that the caller leaves to them", () => {
  const heap = new WasmHeap(true);
  const runtime = runtimeWith(3, heap);
  const output = runtime.allocate(4 * length);
  const input = runtime.allocate(4 * length);
  const view = (address: number): Float32Array => new Float32Array(heap.buffer, address, length);
  view(input).set(numbers);
  const place = (input: number) => ({ kind: "input", input }) as const;
  const executable = runtime.load({
    buffers: [0, 1].map((k) => ({ dtype: "f32", length, place: place(k) })),
    arenaBytes: 0,
    commands: [{ kind: "kernel", kernel: squares, buffers: [0, 1], scope: "" }],
    outputs: [],
    checks: [],
  });
  executable.run([output, input], []);
  expect(view(output).slice()).toEqual(expected);

  // The same task again, which nobody but the workers can take now.
  view(output).fill(0);
  const words = heap.words;
  const at = (name: keyof typeof poolAddresses): number => poolAddresses[name] / 4;
  const parts = 5;
  Atomics.store(words, at("done"), 0);
  Atomics.store(words, at("ticket"), (1000 << 12) | (parts << 6));
  Atomics.add(words, at("alarm"), 1);
  Atomics.notify(words, at("alarm"));
  const deadline = Date.now() + 20_000;
  for (;;) {
    const done = Atomics.load(words, at("done"));
    if (done === parts) break;
    if (Date.now() > deadline) throw new Error(`${done} of ${parts} parts are done`);
    Atomics.wait(words, at("done"), done, 50);
  }
  expect(view(output).slice()).toEqual(expected);
}, 30_000);

test("any number of threads gives the same numbers", () => {
  for (const threads of [1, 2, 3, 7]) {
    const runtime = runtimeWith(threads, new WasmHeap(true));
    const tested = { name: "wasm", runtime, compiledCount: () => 0 };
    for (let run = 0; run < 20; run++) {
      const arrays = [new Float32Array(length), numbers];
      const [[squared]] = runKernels(tested, [{ kernel: squares, arrays }]).arrays;
      expect(Buffer.from(squared.buffer).equals(Buffer.from(expected.buffer))).toBe(true);
    }
  }
});

test("a memory of one thread has no pool, and needs none", () => {
  const heap = new WasmHeap();
  expect(heap.buffer).toBeInstanceOf(ArrayBuffer);
  const tested = { name: "wasm", runtime: runtimeWith(4, heap), compiledCount: () => 0 };
  const arrays = [new Float32Array(length), numbers];
  expect(runKernels(tested, [{ kernel: squares, arrays }]).arrays[0][0]).toEqual(expected);
});
