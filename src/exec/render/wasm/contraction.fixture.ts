import { type DType, dtypeFacts, type TypedArray } from "../../../base/dtype.ts";
import { type ContractionCase, prepare } from "../contraction/contraction.fixture.ts";
import { renderContraction, renderPacked } from "./contraction.ts";
import { ModuleBuilder } from "./encoder.ts";
import type { RenderedKernel } from "./rendered.ts";

const memory = new WebAssembly.Memory({ initial: 64 });
const functions = new Map<string, (args: number) => void>();
const shared: WebAssembly.ModuleImports = {};

function compile(module: ModuleBuilder): WebAssembly.Exports {
  const compiled = new WebAssembly.Module(module.finish());
  return new WebAssembly.Instance(compiled, { env: { memory }, shared }).exports;
}

function functionOf(kernel: RenderedKernel): (args: number) => void {
  const known = functions.get(kernel.key);
  if (known !== undefined) return known;
  for (const needed of kernel.shared) {
    if (needed.key in shared) continue;
    const module = new ModuleBuilder();
    needed.define(module, needed.key);
    Object.assign(shared, compile(module));
  }
  const module = new ModuleBuilder();
  kernel.define(module, "run");
  const { run } = compile(module);
  if (typeof run !== "function") throw new TypeError("no function");
  const call = (args: number): void => {
    run(args, 0, 1);
  };
  functions.set(kernel.key, call);
  return call;
}

/** Runs a kernel on copies of the arrays and gives them back; throws if it writes behind an area of memory. */
export function runWasm(
  kernel: RenderedKernel,
  arrays: readonly TypedArray[],
  dtypes: readonly DType[],
): TypedArray[] {
  let next = 64;
  const ends: number[] = [];
  const reserve = (bytes: number): number => {
    const address = next;
    ends.push(address + bytes);
    next += Math.ceil(bytes / 64) * 64 + 64;
    return address;
  };
  const addresses = arrays.map((array) => reserve(array.byteLength));
  const scratch = reserve(kernel.scratchBytes);
  const args = reserve(4 * (addresses.length + 1 + kernel.words.length));
  if (next > memory.buffer.byteLength) memory.grow(Math.ceil((next - memory.buffer.byteLength) / 65536));
  // What lies in scratch must not matter: these are NaN, or −1.
  const memoryBytes = new Uint8Array(memory.buffer, 64, next - 64).fill(0xff);
  const views = arrays.map((array, k) =>
    dtypeFacts[dtypes[k]].view(memory.buffer, addresses[k], array.length),
  );
  views.forEach((view, k) => {
    view.set(arrays[k]);
  });
  const before = kernel.scratchBytes > 0 ? [...addresses, scratch] : addresses;
  new Int32Array(memory.buffer, args, before.length + kernel.words.length).set([...before, ...kernel.words]);
  functionOf(kernel)(args);
  for (const end of ends) {
    if (memoryBytes.subarray(end - 64, end).some((byte) => byte !== 0xff))
      throw new RangeError("wrote behind an area");
  }
  return views.map((view) => view.slice());
}

/** Runs a contraction on random data, packed and as it would be rendered; throws if its interpretation gives other numbers. */
export function check(item: ContractionCase): RenderedKernel {
  const { contraction, dtypes, arrays, compare } = prepare(item);
  const packed = renderPacked(contraction);
  const chosen = renderContraction(contraction);
  for (const kernel of chosen.key === packed.key ? [packed] : [packed, chosen]) {
    compare(runWasm(kernel, arrays, dtypes));
  }
  return packed;
}
