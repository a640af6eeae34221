import { describe, expect, it } from "vitest";
import { dtypeFacts, type TypedArray } from "../base/dtype.ts";
import { interpretPlan } from "../lang/kernel/interpret.ts";
import type { Plan } from "../lang/kernel/kernel.ts";
import { add, mul, reshape, sub, take } from "../lang/ops/index.ts";
import { installEvaluator } from "../lang/program/evaluator.ts";
import { Tensor } from "../lang/program/tensor.ts";
import { withScope } from "../lang/program/trace.ts";
import { CompiledDevice } from "./compiled-device.ts";
import type { Executable } from "./compiled-runner.ts";
import { tensor } from "./create.ts";
import { storageOf } from "./device.ts";
import { evaluator } from "./evaluator.ts";
import { programOf } from "./jit.ts";
import { Storage } from "./storage.ts";

/** A runtime that interprets plans on one buffer, and counts. */
class InterpretingRuntime {
  readonly buffer = new ArrayBuffer(1 << 20);
  readonly live = new Map<number, number>();
  loads = 0;
  private end = 64;

  allocate(bytes: number): number {
    const address = this.end;
    this.end += Math.ceil(bytes / 64) * 64;
    this.live.set(address, bytes);
    return address;
  }

  free(address: number): void {
    if (!this.live.delete(address)) throw new Error(`block ${address} is freed twice`);
  }

  load(plan: Plan): Executable {
    this.loads++;
    const inputs = new Map<number, { dtype: keyof typeof dtypeFacts; length: number }>();
    for (const { dtype, length, place } of plan.buffers) {
      if (place.kind === "input") inputs.set(place.input, { dtype, length });
    }
    const view = (address: number, dtype: keyof typeof dtypeFacts, length: number): TypedArray =>
      dtypeFacts[dtype].view(this.buffer, address, length);
    return {
      run: (addresses, outputAddresses) => {
        const arrays = addresses.map((address, i) => {
          const { dtype, length } = inputs.get(i) ?? { dtype: "u8", length: 0 };
          return view(address, dtype, length);
        });
        const { outputs, error } = interpretPlan(plan, arrays);
        for (const [k, output] of outputs.entries()) {
          if (plan.buffers[plan.outputs[k]].place.kind === "input") continue;
          view(outputAddresses[k], plan.buffers[plan.outputs[k]].dtype, output.length).set(output);
        }
        return error;
      },
      release: () => {},
    };
  }
}

function start(): { runtime: InterpretingRuntime; device: CompiledDevice } {
  const runtime = new InterpretingRuntime();
  const device = new CompiledDevice("interpreted", runtime);
  installEvaluator({
    ...evaluator,
    evaluate: (primitive, inputs, parameters, types, scope) => {
      const storages = device.evaluate(primitive, inputs, parameters, types, scope);
      return types.map(({ dtype, shape }, i) => new Tensor(dtype, shape, storages[i]));
    },
  });
  return { runtime, device };
}

const storage = (...values: number[]): Storage => new Storage(Float32Array.from(values));

describe("a compiled device", () => {
  it("frees the blocks of a run, and keeps a copy of what is read again", () => {
    const { runtime, device } = start();
    const f = (x: Tensor, y: Tensor) => add(x, y);
    const runner = device.prepare(programOf(f, tensor([1, 2]), tensor([1, 2])), []);
    const x = storage(1, 2);
    for (let i = 0; i < 5; i++) {
      const [sum] = runner.run([x, storage(i, i)]);
      expect(sum.read()).toEqual(Float32Array.of(1 + i, 2 + i));
      expect([sum.device, runtime.live.size]).toEqual(["host", i === 0 ? 0 : 1]);
    }
    expect(x.block?.address).toBeGreaterThan(0);
  });

  it("moves the block of a donated input to the output", () => {
    const { runtime, device } = start();
    const f = (w: Tensor, g: Tensor) => sub(w, g);
    const runner = device.prepare(programOf(f, tensor([1, 2]), tensor([1, 2])), ["argument 0", undefined]);
    let w = storage(10, 20);
    const addresses = new Set<number | undefined>();
    for (let i = 0; i < 4; i++) {
      const before = w;
      [w] = runner.run([w, storage(1, 2)]);
      expect(() => before.read()).toThrow(/donated.*argument 0/);
      addresses.add(w.block?.address);
    }
    expect(w.read()).toEqual(Float32Array.of(6, 12));
    expect([w.device, addresses.size, runtime.live.size]).toEqual(["interpreted", 1, 1]);
  });

  it("frees a donated input that no output takes over", () => {
    const { runtime, device } = start();
    const f = (x: Tensor) => take(x, tensor([0], { dtype: "i32" }));
    const runner = device.prepare(programOf(f, tensor([1, 2])), ["argument 0"]);
    const [first] = runner.run([storage(7, 8), new Storage(Int32Array.of(0))]);
    expect([first.read(), runtime.live.size]).toEqual([Float32Array.of(7), 0]);
  });

  it("reports failed checks with their scope, and leaves nothing behind", () => {
    const { runtime } = start();
    const x = tensor([1, 2, 3]);
    const wrong = tensor([0, 3], { dtype: "i32" });
    expect(() => withScope("embedding", () => take(x, wrong))).toThrow(
      /in 'embedding': got index out of range for axis 0 of extent 3/,
    );
    expect(runtime.live.size).toBe(0);
    expect(take(x, tensor([2, 0], { dtype: "i32" })).toArray()).toEqual([3, 1]);
  });

  it("compiles one program per equation and types, whatever the numbers", () => {
    const { runtime } = start();
    const x = tensor([1, 2, 3]);
    for (let i = 0; i < 5; i++) expect(mul(x, i).toArray()).toEqual([0, i, 2 * i, 3 * i].slice(1));
    expect(runtime.loads).toBe(1);
    expect(mul(5, x).toArray()).toEqual([5, 10, 15]);
    expect(mul(x, x).toArray()).toEqual([1, 4, 9]);
    expect(mul(tensor([1, 2]), 2).toArray()).toEqual([2, 4]);
    expect(runtime.loads).toBe(4);
    // Numbers alone.
    expect(mul(3, 4).item()).toBe(12);
  });

  it("reshapes without a copy", () => {
    const { runtime } = start();
    const x = tensor([1, 2, 3, 4]);
    const y = reshape(x, [2, 2]);
    expect(storageOf(y, "test").host).toBe(storageOf(x, "test").host);
    expect([runtime.loads, y.toArray()]).toEqual([
      0,
      [
        [1, 2],
        [3, 4],
      ],
    ]);
  });
});
