import { type DType, dtypeFacts, type TypedArray } from "../../../base/dtype.ts";
import { sizeOf } from "../../../base/shape.ts";
import { axisCoordinate, type Coordinate, type Guard } from "../../../lang/kernel/coordinate.ts";
import type { Expression, Load } from "../../../lang/kernel/expression.ts";
import { interpretKernel } from "../../../lang/kernel/interpret.ts";
import type { Contraction, Store } from "../../../lang/kernel/kernel.ts";
import { verifyKernel } from "../../../lang/kernel/verify.ts";
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
    run(args);
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

let seed = 1;
/** A reproducible random number from −0.5 to 0.5. */
export function random(): number {
  seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
  return seed / 0x7fffffff - 0.5;
}

/** An array of random numbers, small integers for integer types. */
export function randomArray(dtype: DType, length: number): TypedArray {
  const array = dtypeFacts[dtype].create(length);
  for (let k = 0; k < length; k++)
    array[k] = dtype === "f32" || dtype === "f64" ? random() : Math.round(random() * 100);
  return array;
}

/** Runs a contraction on random data, packed and as it would be rendered; throws if its interpretation gives other numbers. */
export function check(contraction: Contraction, lengths: readonly number[]): RenderedKernel {
  verifyKernel(contraction);
  const dtypes = contraction.buffers.map((buffer) => buffer.dtype);
  const arrays = lengths.map((length, k) => randomArray(dtypes[k], length));
  const expected = arrays.map((array) => array.slice());
  interpretKernel(contraction, expected, new Set());
  const packed = renderPacked(contraction);
  const chosen = renderContraction(contraction);
  const tolerance = (contraction.dtype === "f32" ? 8e-7 : 4e-15) * Math.sqrt(sizeOf(contraction.depth) + 4);
  for (const kernel of chosen.key === packed.key ? [packed] : [packed, chosen]) {
    const actual = runWasm(kernel, arrays, dtypes);
    expected.forEach((array, k) => {
      const error = largestError(array, actual[k]);
      if (error > tolerance)
        throw new RangeError(`buffer ${k} of ${contraction.name}: error ${error} > ${tolerance}`);
    });
  }
  return packed;
}

// The largest error, relative to the largest number if that is above 1.
function largestError(expected: TypedArray, actual: TypedArray): number {
  let largest = 0;
  let scale = 1;
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(expected[i] - actual[i]);
    largest = Math.max(largest, Number.isNaN(error) ? Number.POSITIVE_INFINITY : error);
    scale = Math.max(scale, Math.abs(expected[i]));
  }
  return largest / scale;
}

/** A load that fills with 0. */
export function load(dtype: DType, buffer: number, index: Coordinate, guards: readonly Guard[] = []): Load {
  return { kind: "load", dtype, buffer, index, guards, fill: 0 };
}

/** A store of every point. */
export function store(buffer: number, index: Coordinate, value: Expression): Store {
  return { kind: "store", level: "outer", mode: "set", buffer, index, guards: [], value };
}

/** The coordinates of some axes. */
export const axes = (...numbers: number[]): Coordinate[] => numbers.map(axisCoordinate);
