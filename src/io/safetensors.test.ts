import { readFileSync } from "node:fs";
import { describe, expect, it, test } from "vitest";
import { NeuriteError } from "../base/error.ts";
import { random, tensor, zeros } from "../tensor/index.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";

interface Fixture {
  readonly base64: string;
  readonly values: Readonly<Record<string, readonly [dtype: string, shape: number[], values: number[]]>>;
}

const fixture: Fixture = JSON.parse(
  readFileSync(new URL("../../test/fixtures/safetensors.json", import.meta.url), "utf8"),
);
const file = new Uint8Array(Buffer.from(fixture.base64, "base64"));

/** A file with a header of our choice. */
function forge(header: unknown, dataLength = 0): Uint8Array {
  const text = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + dataLength);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  return bytes;
}

describe("decodeSafetensors", () => {
  it("reads a file that was made without Neurite", () => {
    const { tensors, metadata } = decodeSafetensors(file);
    expect(metadata).toEqual({ format: "pt", quote: 'a "{" é' });
    expect(Object.keys(tensors)).toEqual(Object.keys(fixture.values));
    for (const [name, [dtype, shape, values]] of Object.entries(fixture.values)) {
      const x = tensors[name];
      expect([x.dtype.toUpperCase(), x.shape, [...x.dataSync()]]).toEqual([dtype, shape, values]);
    }
  });

  it("reads bytes at any alignment, and copies them", () => {
    const moved = new Uint8Array(file.length + 3);
    moved.set(file, 3);
    const view = moved.subarray(3);
    const { tensors } = decodeSafetensors(view);
    view.fill(0);
    expect([...tensors["hidden.biases"].dataSync()]).toEqual(fixture.values["hidden.biases"][2]);
  });

  it("refuses a file cut off anywhere, and one with bytes behind it", () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => decodeSafetensors(file.subarray(0, length))).toThrow(NeuriteError);
    }
    const longer = new Uint8Array(file.length + 1);
    longer.set(file);
    expect(() => decodeSafetensors(longer)).toThrow(/bytes that belong to no tensor/);
  });

  it("fails with a NeuriteError or not at all, whatever byte is changed", () => {
    const [positions, values] = random.split(random.key(0));
    const where = random.randint(positions, [500], 0, file.length).dataSync();
    const what = random.randint(values, [500], 0, 256).dataSync();
    let refused = 0;
    for (const [i, position] of where.entries()) {
      const changed = file.slice();
      changed[position] = what[i];
      try {
        decodeSafetensors(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(NeuriteError);
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(100);
  });

  const entry = { dtype: "F32", shape: [2], data_offsets: [0, 8] };
  test.each<[why: string, header: unknown, dataLength: number, message: string]>([
    ["no JSON", "{", 0, "a header that is no JSON in UTF-8"],
    ["no object", "[]", 0, "a header that is no JSON object"],
    ["an entry that is no object", { a: 1 }, 0, "element type undefined of tensor 'a'"],
    ["an unknown element type", { a: { ...entry, dtype: "BF16" } }, 8, `element type "BF16" of tensor 'a'`],
    [
      "the name of an inherited property",
      { a: { ...entry, dtype: "toString" } },
      8,
      'element type "toString"',
    ],
    [
      "a huge shape",
      { a: { ...entry, shape: [2 ** 50] } },
      8,
      "8 bytes for tensor 'a', expected 4503599627370496",
    ],
    [
      "a shape beyond all numbers",
      { a: { ...entry, shape: [2 ** 50, 2 ** 50] } },
      8,
      "8 bytes for tensor 'a'",
    ],
    ["a negative extent", { a: { ...entry, shape: [-1, -2] } }, 8, "shape [-1,-2] of tensor 'a'"],
    ["a broken extent", { a: { ...entry, shape: [0.5, 4] } }, 8, "shape [0.5,4] of tensor 'a'"],
    ["no shape", { a: { ...entry, shape: "2" } }, 8, `shape "2" of tensor 'a'`],
    ["no offsets", { a: { dtype: "F32", shape: [2] } }, 8, "data_offsets undefined of tensor 'a'"],
    ["offsets backwards", { a: { ...entry, data_offsets: [8, 0] } }, 8, "data_offsets [8,0] of tensor 'a'"],
    ["three offsets", { a: { ...entry, data_offsets: [0, 8, 8] } }, 8, "data_offsets [0,8,8]"],
    [
      "offsets past the end",
      { a: { ...entry, data_offsets: [0, 8] } },
      4,
      "4 bytes of data, expected 8 bytes",
    ],
    ["too few bytes", { a: { ...entry, data_offsets: [0, 4] } }, 4, "4 bytes for tensor 'a', expected 8"],
    [
      "an overlap",
      { a: entry, b: { ...entry, data_offsets: [4, 12] } },
      12,
      "tensor 'b' from byte 4, expected from 8",
    ],
    ["the same bytes twice", { a: entry, b: entry }, 8, "tensor 'b' from byte 0, expected from 8"],
    [
      "a hole",
      { a: entry, b: { ...entry, data_offsets: [12, 20] } },
      20,
      "tensor 'b' from byte 12, expected from 8",
    ],
    ["metadata that are no texts", { __metadata__: { epochs: 3 } }, 0, "number as the metadata 'epochs'"],
    ["metadata that are no object", { __metadata__: "x" }, 0, "metadata that is no JSON object"],
    ["a name twice", '{"a":{},"\\u0061":{}}', 0, "the name 'a' twice"],
    ["a field twice", '{"a":{"dtype":"F32","shape":[],"dtype":"F64"}}', 0, "the name 'dtype' twice"],
  ])("refuses %s", (_, header, dataLength, message) => {
    expect(() => decodeSafetensors(forge(header, dataLength))).toThrow(message);
  });

  it("refuses a header longer than the file before reading it", () => {
    for (const length of [100n, 2n ** 40n, 2n ** 64n - 1n]) {
      const bytes = forge({});
      new DataView(bytes.buffer).setBigUint64(0, length, true);
      expect(() => decodeSafetensors(bytes)).toThrow(`a header of ${length} bytes, expected at most 2`);
    }
  });

  it("takes braces, quotes and escapes in texts for what they are", () => {
    const text = '{"a":"b"} \\" : {';
    expect(decodeSafetensors(forge({ __metadata__: { text, other: text } })).metadata.text).toBe(text);
  });

  it("keeps names that objects inherit apart from them", () => {
    const header = '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    const { tensors } = decodeSafetensors(forge(header, 1));
    expect(Object.keys(tensors)).toEqual(["__proto__"]);
  });
});

describe("encodeSafetensors", () => {
  it("gives back what it was given", async () => {
    const tensors = {
      "output.biases": tensor([0.5, Number.NaN, -0]),
      "a wide one": tensor([[Math.PI], [Number.NEGATIVE_INFINITY]], { dtype: "f64" }),
      mask: tensor([true, false, true]),
      label: tensor(7, { dtype: "i32" }),
      nothing: zeros([3, 0]),
    };
    const decoded = decodeSafetensors(await encodeSafetensors(tensors, { config: '{"layers":[]}' }));
    expect(decoded.metadata).toEqual({ config: '{"layers":[]}' });
    expect(Object.keys(decoded.tensors).sort()).toEqual(Object.keys(tensors).sort());
    for (const [name, x] of Object.entries(tensors)) {
      const y = decoded.tensors[name];
      expect([y.dtype, y.shape, y.dataSync()]).toEqual([x.dtype, x.shape, x.dataSync()]);
    }
  });

  it("reads a Buffer, whose bytes are part of a larger array", async () => {
    const bytes = Buffer.from(await encodeSafetensors({ x: tensor([1, 2, 3]) }));
    expect(decodeSafetensors(bytes).tensors.x.toArray()).toEqual([1, 2, 3]);
  });

  it("lays data at multiples of their size, and gives equal bytes for equal contents", async () => {
    const [a, b] = [tensor([1, 2, 3], { dtype: "u8" }), tensor([4], { dtype: "f64" })];
    const bytes = await encodeSafetensors({ a, b });
    expect(bytes).toEqual(await encodeSafetensors({ b, a }));
    const headerLength = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect((8 + headerLength) % 8).toBe(0);
    const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + headerLength)));
    expect(header).toEqual({
      b: { dtype: "F64", shape: [1], data_offsets: [0, 8] },
      a: { dtype: "U8", shape: [3], data_offsets: [8, 11] },
    });
  });

  it("writes an empty file of the format, and refuses the name it keeps for texts", async () => {
    expect(decodeSafetensors(await encodeSafetensors({}))).toEqual({ tensors: {}, metadata: {} });
    await expect(encodeSafetensors({ __metadata__: tensor(1) })).rejects.toThrow(NeuriteError);
  });
});
