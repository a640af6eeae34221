import { dtypeFacts } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { sizeOf } from "../base/shape.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { type Entry, readHeader, storedNames } from "./safetensors-header.ts";

/** What a safetensors file holds. */
export interface Safetensors {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The data of the file start at a multiple of this, so that typed arrays can be laid over them. */
const alignment = 8;

/**
 * Writes tensors and texts in the safetensors format (https://huggingface.co/docs/safetensors): little-endian, wide
 * elements first, then by name, so that equal contents give equal bytes.
 *
 * @example
 * ```ts
 * import { encodeSafetensors } from "neurite/io";
 *
 * const bytes = await encodeSafetensors({ "hidden.weights": tensor([[1, 2], [3, 4]]) }, { author: "me" });
 * ```
 */
export async function encodeSafetensors(
  tensors: Readonly<Record<string, Tensor>>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<Uint8Array> {
  const entries = Object.entries(tensors).sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => dtypeFacts[y].bytes - dtypeFacts[x].bytes || (a < b ? -1 : 1),
  );
  const header: [string, unknown][] = Object.keys(metadata).length > 0 ? [["__metadata__", metadata]] : [];
  let end = 0;
  for (const [name, { dtype, shape }] of entries) {
    if (name === "__metadata__") {
      throw new NeuriteError({
        operation: "encodeSafetensors",
        got: "a tensor named '__metadata__'",
        expected: "another name: the format keeps this one for texts",
      });
    }
    const start = end;
    end += sizeOf(shape) * dtypeFacts[dtype].bytes;
    header.push([name, { dtype: storedNames[dtype], shape, data_offsets: [start, end] }]);
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataStart = Math.ceil((8 + text.length) / alignment) * alignment;
  const bytes = new Uint8Array(dataStart + end).fill(0x20, 8, dataStart);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  bytes.set(text, 8);
  let position = dataStart;
  for (const [, x] of entries) {
    const data = await x.data();
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

/**
 * Reads the safetensors format; the tensors are copies. The whole header is checked before anything is allocated.
 *
 * Throws a NeuriteError for bytes that are truncated, too long or forged, and for element types that Neurite lacks.
 *
 * @example
 * ```ts
 * import { decodeSafetensors, encodeSafetensors } from "neurite/io";
 *
 * const bytes = await encodeSafetensors({ weights: tensor([[1, 2], [3, 4]]) });
 * const { tensors, metadata } = decodeSafetensors(bytes);
 * console.log(tensors.weights.toArray(), metadata); // [[1, 2], [3, 4]] {}
 * ```
 */
export function decodeSafetensors(bytes: Uint8Array): Safetensors {
  const { entries, metadata, dataStart } = readHeader(bytes);
  const tensors = entries.map((entry) => [entry.name, readTensor(bytes, dataStart, entry)] as const);
  return { tensors: Object.fromEntries(tensors), metadata };
}

function readTensor(bytes: Uint8Array, dataStart: number, { dtype, shape, start, end }: Entry): Tensor {
  // A copy is aligned, whatever the bytes are part of; the `slice` of a Node Buffer would be none.
  const { buffer } = new Uint8Array(bytes.subarray(dataStart + start, dataStart + end));
  return tensor(dtypeFacts[dtype].view(buffer, 0, sizeOf(shape)), { dtype, shape });
}
