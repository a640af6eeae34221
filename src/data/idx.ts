import { type DType, dtypeFacts } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { sizeOf } from "../base/shape.ts";
import { type Tensor, tensor } from "../tensor/index.ts";

/** An element type of the format: its size, the dtype it becomes, and how one element is read. */
interface ElementType {
  readonly bytes: number;
  readonly dtype: DType;
  read(view: DataView, position: number): number;
}

/** By the third byte of the file; numbers have their highest byte first. */
const elementTypes: Readonly<Record<number, ElementType>> = {
  8: { bytes: 1, dtype: "u8", read: (view, position) => view.getUint8(position) },
  9: { bytes: 1, dtype: "i32", read: (view, position) => view.getInt8(position) },
  11: { bytes: 2, dtype: "i32", read: (view, position) => view.getInt16(position) },
  12: { bytes: 4, dtype: "i32", read: (view, position) => view.getInt32(position) },
  13: { bytes: 4, dtype: "f32", read: (view, position) => view.getFloat32(position) },
  14: { bytes: 8, dtype: "f64", read: (view, position) => view.getFloat64(position) },
};

/** What the first bytes announce. */
interface Header {
  readonly element: ElementType;
  readonly shape: readonly number[];
  /** The size of the whole file in bytes. */
  readonly size: number;
}

/**
 * Reads an idx file, the format of MNIST (http://yann.lecun.com/exdb/mnist), also packed with gzip: bytes become u8,
 * signed integers i32, floats f32 and f64. Images of MNIST have the shape [count, 28, 28].
 *
 * Throws a NeuriteError for bytes that are truncated, too long or forged; nothing is allocated before the sizes agree.
 *
 * @example
 * ```ts
 * import { readIdx } from "neurite/data";
 *
 * const labels = await readIdx(Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1));
 * console.log(labels.toArray()); // [7, 2, 1]
 * ```
 */
export async function readIdx(bytes: Uint8Array): Promise<Tensor> {
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const content = isPacked ? await unpack(bytes) : bytes;
  const header = readHeader(content);
  if (header === undefined || content.length !== header.size) {
    throw refuse(
      `${content.length} bytes`,
      `${header?.size ?? "at least 4"}: the file is cut off or damaged`,
    );
  }
  const { element, shape, size } = header;
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const values = dtypeFacts[element.dtype].create(sizeOf(shape));
  const start = size - values.length * element.bytes;
  for (let i = 0; i < values.length; i++) values[i] = element.read(view, start + i * element.bytes);
  return tensor(values, { shape });
}

function refuse(got: string, expected: string): NeuriteError {
  return new NeuriteError({ operation: "readIdx", got, expected });
}

/** Undefined when the header is not whole yet. */
function readHeader(bytes: Uint8Array): Header | undefined {
  if (bytes.length < 4) return undefined;
  const element = elementTypes[bytes[2]];
  if (bytes[0] !== 0 || bytes[1] !== 0 || element === undefined) {
    throw refuse(
      `a file that starts with the bytes ${bytes.slice(0, 4).join(", ")}`,
      "0, 0, an element type (8, 9, 11, 12, 13 or 14) and the number of axes",
    );
  }
  const start = 4 + 4 * bytes[3];
  if (bytes.length < start) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, start);
  const shape = Array.from({ length: bytes[3] }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { element, shape, size: start + sizeOf(shape) * element.bytes };
}

// Stops at the size that the header announces, so that a small file cannot unpack to a huge one.
async function unpack(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = new Blob([Uint8Array.from(bytes)]).stream();
  const reader = packed.pipeThrough(new DecompressionStream("gzip")).getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  let header: Header | undefined;
  while (header === undefined || length <= header.size) {
    const { done, value } = await reader.read().catch((): never => {
      throw refuse("gzip data that end early or are damaged", "a whole gzip file");
    });
    if (done) return join(chunks, length);
    chunks.push(value);
    length += value.length;
    header ??= readHeader(join(chunks, length));
  }
  await reader.cancel();
  throw refuse(`more than ${header.size} bytes`, `${header.size}, as the header announces`);
}

function join(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const joined = new Uint8Array(length);
  let position = 0;
  for (const chunk of chunks) {
    joined.set(chunk, position);
    position += chunk.length;
  }
  return joined;
}
