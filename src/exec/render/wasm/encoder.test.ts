import { expect, test } from "vitest";
import { type FunctionBuilder, type FunctionReference, ModuleBuilder, type Signature } from "./encoder.ts";
import { laneOpcodes, memoryLaneOpcodes, memoryOpcodes, plainOpcodes } from "./encoder-opcodes.ts";

const unaryInteger: Signature = { parameters: ["i32"], results: ["i32"] };

function instantiate(module: ModuleBuilder, imports: Record<string, WebAssembly.ModuleImports> = {}) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 1 });
  const compiled = new WebAssembly.Module(module.finish());
  const { exports } = new WebAssembly.Instance(compiled, { ...imports, env: { memory, table } });
  const call = (name: string, ...values: number[]): unknown => {
    const value = exports[name];
    if (typeof value !== "function") throw new TypeError(`no function ${name}`);
    return value(...values);
  };
  return { memory, table, exports, call };
}

test("loops count, branches leave, LEB128 constants keep their value", () => {
  const module = new ModuleBuilder();
  module.define("sumBelow", unaryInteger, (f) => {
    const [n] = f.parameters;
    const [i, sum] = f.manyLocals("i32", 2);
    f.forRange(i, { from: 0, to: n }, () => f.increment(sum, i));
    f.get(sum);
  });
  const values = [0, 1, -1, 63, 64, -64, -65, 127, 128, 8191, 8192, 2 ** 31 - 1, -(2 ** 31)];
  values.forEach((value, k) => {
    module.define(`constant${k}`, { parameters: [], results: ["i32"] }, (f) => f.i32(value));
  });
  module.define("firstPowerAbove", unaryInteger, (f) => {
    const [n] = f.parameters;
    const power = f.local("i32");
    f.i32(1);
    f.set(power);
    f.block((end) => {
      f.loop((start) => {
        f.get(power);
        f.get(n);
        f.emit("i32.gt_s");
        f.branchIf(end);
        f.increment(power, power);
        f.branch(start);
      });
    });
    f.get(power);
  });
  const { call } = instantiate(module);
  expect([0, 1, 5, 100].map((n) => call("sumBelow", n))).toEqual([0, 0, 10, 4950]);
  expect(values.map((_, k) => call(`constant${k}`))).toEqual(values);
  expect([0, 1, 5, 100].map((n) => call("firstPowerAbove", n))).toEqual([1, 2, 8, 128]);
});

test("calls reach helpers and imports that are declared later than the call's function", () => {
  const module = new ModuleBuilder({ table: true });
  const double = (): FunctionReference =>
    module.helper("double", unaryInteger, (f) => {
      f.get(f.parameters[0]);
      f.i32(2);
      f.emit("i32.mul");
    });
  module.define("both", unaryInteger, (f) => {
    f.get(f.parameters[0]);
    f.call(double());
    f.call(module.importFunction("host", "increment", unaryInteger));
    f.call(double());
  });
  module.define("indirect", unaryInteger, (f) => {
    f.get(f.parameters[0]);
    f.i32(0);
    f.callIndirect(unaryInteger);
  });
  const { call, table, exports } = instantiate(module, { host: { increment: (x: number) => x + 1 } });
  expect(call("both", 5)).toBe(22);
  table.set(0, exports.both);
  expect(call("indirect", 1)).toBe(6);
});

test("vectors: loads, lanes, shuffles, comparisons and conversions", () => {
  const module = new ModuleBuilder();
  module.define("run", { parameters: ["i32"], results: [] }, (f) => {
    const [address] = f.parameters;
    const x = f.local("v128");
    f.get(address);
    f.memory("v128.load", 0);
    f.set(x);
    // [16] = sqrt(x) · 2
    f.get(address);
    f.get(x);
    f.emit("f32x4.sqrt");
    f.f32(2);
    f.emit("f32x4.splat", "f32x4.mul");
    f.memory("v128.store", 16);
    // [32] = x reversed, with lane 1 replaced by its own lane 3
    f.get(address);
    f.get(x);
    f.get(x);
    f.shuffleWords([3, 2, 1, 0]);
    f.get(x);
    f.lane("f32x4.extract_lane", 3);
    f.lane("f32x4.replace_lane", 1);
    f.memory("v128.store", 32);
    // [48] = x > 3 ? integer(x) : 7
    f.get(address);
    f.get(x);
    f.emit("i32x4.trunc_sat_f32x4_s");
    f.v128([7, 0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0, 7, 0, 0, 0]);
    f.get(x);
    f.f32(3);
    f.emit("f32x4.splat", "f32x4.gt", "v128.bitselect");
    f.memory("v128.store", 48);
    // [64 + 200 · 4] = lane 2 of x
    f.get(address);
    f.get(x);
    f.memoryLane("v128.store32_lane", 2, 864);
  });
  const { call, memory } = instantiate(module);
  const floats = new Float32Array(memory.buffer);
  floats.set([1, 4, 9, 16]);
  call("run", 0);
  expect([...floats.subarray(4, 8)]).toEqual([2, 4, 6, 8]);
  expect([...floats.subarray(8, 12)]).toEqual([16, 16, 4, 1]);
  expect([...new Int32Array(memory.buffer, 48, 4)]).toEqual([7, 4, 9, 16]);
  expect(floats[216]).toBe(9);
});

test("a conditional leaves a value, memory is copied and filled", () => {
  const module = new ModuleBuilder();
  module.define("absolute", { parameters: ["f64"], results: ["f64"] }, (f) => {
    const [x] = f.parameters;
    f.get(x);
    f.f64(0);
    f.emit("f64.lt");
    f.if(
      () => {
        f.get(x);
        f.emit("f64.neg");
      },
      () => f.get(x),
      "f64",
    );
  });
  module.define("move", { parameters: [], results: [] }, (f) => {
    for (const n of [0, 5, 8]) f.i32(n);
    f.memoryFill();
    for (const n of [100, 4, 8]) f.i32(n);
    f.memoryCopy();
  });
  const { call, memory } = instantiate(module);
  expect([call("absolute", -2.5), call("absolute", 3)]).toEqual([2.5, 3]);
  call("move");
  expect([...new Uint8Array(memory.buffer, 98, 8)]).toEqual([0, 0, 5, 5, 5, 5, 0, 0]);
});

test("every instruction is one the engine knows", () => {
  const knows = (body: (f: FunctionBuilder) => void): boolean => {
    const module = new ModuleBuilder();
    module.define(undefined, { parameters: [], results: [] }, (f) => {
      // After `unreachable` the stack holds whatever an instruction needs.
      f.emit("unreachable");
      body(f);
      f.emit("unreachable");
    });
    return WebAssembly.validate(module.finish());
  };
  const keys = <K extends string>(table: Record<K, number>): K[] =>
    Object.keys(table).filter((key): key is K => key in table);
  const unknown = [
    ...keys(plainOpcodes).filter((name) => !name.includes("relaxed") && !knows((f) => f.emit(name))),
    ...keys(memoryOpcodes).filter((name) => !knows((f) => f.memory(name, 300))),
    ...keys(memoryLaneOpcodes).filter((name) => !knows((f) => f.memoryLane(name, 1, 300))),
    ...keys(laneOpcodes).filter((name) => !knows((f) => f.lane(name, 1))),
  ];
  expect(unknown).toEqual([]);
});
