import { type DType, dtypeFacts, dtypes } from "../base/dtype.ts";
import { NeuriteError } from "../base/error.ts";
import { formatShape, type Shape } from "../base/shape.ts";
import { isPlainObject } from "../base/tree.ts";
import { repeatedKey } from "./json.ts";

/** A tensor that a header announces; its bytes go from `start` to before `end`, counted from the end of the header. */
export interface Entry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
  readonly start: number;
  readonly end: number;
}

/** A header that keeps its promises. */
export interface Header {
  readonly entries: readonly Entry[];
  readonly metadata: Readonly<Record<string, string>>;
  /** Where the data start in the file. */
  readonly dataStart: number;
}

/** The element types as the format calls them. */
export const storedNames: Readonly<Record<DType, string>> = {
  f32: "F32",
  f64: "F64",
  i32: "I32",
  u32: "U32",
  u8: "U8",
  bool: "BOOL",
};

/** The format's own limit, 100 MB. */
const longestHeader = 100_000_000;

/** Reads and checks the header; nothing is allocated in proportion to what it claims. */
export function readHeader(bytes: Uint8Array): Header {
  const length = readLength(bytes);
  const dataStart = 8 + length;
  const header = parseHeader(bytes.subarray(8, dataStart));
  const { __metadata__: texts = {}, ...tensors } = header;
  const entries = Object.entries(tensors).map(([name, value]) => readEntry(name, value));
  checkLayout(entries, bytes.length - dataStart);
  return { entries, metadata: readMetadata(texts), dataStart };
}

function refuse(got: string, expected: string, hint?: string): NeuriteError {
  return new NeuriteError({
    operation: "decodeSafetensors",
    got,
    expected,
    ...(hint === undefined ? {} : { hint }),
  });
}

function readLength(bytes: Uint8Array): number {
  if (bytes.length < 8) {
    throw refuse(
      `${bytes.length} bytes`,
      "8 bytes that tell the length of the header",
      "the file is cut off",
    );
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > longestHeader || length > bytes.length - 8) {
    throw refuse(
      `a header of ${length} bytes`,
      `at most ${Math.min(longestHeader, bytes.length - 8)}`,
      "the file is cut off, or it is no safetensors file",
    );
  }
  return Number(length);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch {
    throw refuse("a header that is no JSON in UTF-8", "a JSON object", "the file is damaged");
  }
  if (!isPlainObject(header)) throw refuse("a header that is no JSON object", "a JSON object");
  const repeated = repeatedKey(text);
  if (repeated !== undefined) throw refuse(`the name '${repeated}' twice in the header`, "each name once");
  return header;
}

function readMetadata(value: unknown): Record<string, string> {
  if (!isPlainObject(value)) throw refuse("metadata that is no JSON object", "texts by name");
  const texts: [string, string][] = [];
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string") throw refuse(`${typeof text} as the metadata '${name}'`, "a text");
    texts.push([name, text]);
  }
  return Object.fromEntries(texts);
}

function readEntry(name: string, value: unknown): Entry {
  const fields = isPlainObject(value) ? value : {};
  const { dtype: stored, shape, data_offsets: offsets } = fields;
  const dtype = dtypes.find((known) => storedNames[known] === stored);
  if (dtype === undefined) {
    const known = Object.values(storedNames).join(", ");
    throw refuse(`element type ${JSON.stringify(stored)} of tensor '${name}'`, `one of ${known}`);
  }
  if (!isCounts(shape)) {
    throw refuse(`shape ${JSON.stringify(shape)} of tensor '${name}'`, "whole numbers ≥ 0");
  }
  if (!isCounts(offsets) || offsets.length !== 2 || offsets[0] > offsets[1]) {
    throw refuse(
      `data_offsets ${JSON.stringify(offsets)} of tensor '${name}'`,
      "[start, end] with start ≤ end",
    );
  }
  const [start, end] = offsets;
  const size = shape.reduce((product, extent) => product * extent, dtypeFacts[dtype].bytes);
  if (size !== end - start) {
    throw refuse(
      `${end - start} bytes for tensor '${name}'`,
      `${size}: ${dtypeFacts[dtype].bytes} for each element of ${formatShape(shape)}`,
    );
  }
  return { name, dtype, shape, start, end };
}

function isCounts(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

/** The tensors must cover the data without holes and overlaps: nothing is hidden in a file. */
function checkLayout(entries: readonly Entry[], available: number): void {
  let covered = 0;
  let last = "the header";
  for (const { name, start, end } of [...entries].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== covered) {
      throw refuse(`tensor '${name}' from byte ${start}`, `from ${covered}, where ${last} ends`);
    }
    covered = end;
    last = `tensor '${name}'`;
  }
  if (covered !== available) {
    const hint = covered > available ? "the file is cut off" : "the file has bytes that belong to no tensor";
    throw refuse(`${available} bytes of data`, `${covered} bytes`, hint);
  }
}
