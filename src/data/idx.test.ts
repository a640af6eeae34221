import { gzipSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { NeuriteError } from "../base/error.ts";
import { readIdx } from "./idx.ts";

/** A file of the format: the element type, the extents, and the bytes of the elements. */
function idx(type: number, extents: readonly number[], elements: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * extents.length + elements.length);
  bytes.set([0, 0, type, extents.length]);
  const view = new DataView(bytes.buffer);
  for (const [axis, extent] of extents.entries()) view.setUint32(4 + 4 * axis, extent);
  bytes.set(elements, 4 + 4 * extents.length);
  return bytes;
}

const images = idx(8, [2, 2, 3], [1, 2, 3, 4, 5, 6, 7, 8, 9, 250, 251, 255]);

describe("readIdx", () => {
  test.each<[type: number, elements: number[], dtype: string, values: number[]]>([
    [8, [0, 200], "u8", [0, 200]],
    [9, [255, 127], "i32", [-1, 127]],
    [11, [255, 254, 1, 0], "i32", [-2, 256]],
    [12, [255, 255, 255, 253, 0, 1, 0, 0], "i32", [-3, 65536]],
    [13, [0x3f, 0xc0, 0, 0, 0xff, 0x80, 0, 0], "f32", [1.5, Number.NEGATIVE_INFINITY]],
    [14, [0x40, 0x09, 0x21, 0xfb, 0x54, 0x44, 0x2d, 0x18, 0, 0, 0, 0, 0, 0, 0, 0], "f64", [Math.PI, 0]],
  ])("reads element type %d", async (type, elements, dtype, values) => {
    const x = await readIdx(idx(type, [2], elements));
    expect([x.dtype, x.shape, [...x.dataSync()]]).toEqual([dtype, [2], values]);
  });

  it("reads images, plain and packed, at any alignment", async () => {
    const expected = [
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      [
        [7, 8, 9],
        [250, 251, 255],
      ],
    ];
    const moved = new Uint8Array(images.length + 1);
    moved.set(images, 1);
    for (const bytes of [images, moved.subarray(1), gzipSync(images)]) {
      expect((await readIdx(bytes)).toArray()).toEqual(expected);
    }
  });

  it("reads packed files of several chunks", async () => {
    const pixels = Array.from({ length: 300_000 }, (_, i) => (i * 2654435761) % 251);
    const x = await readIdx(gzipSync(idx(8, [300, 1000], pixels)));
    expect(x.shape).toEqual([300, 1000]);
    expect([...x.dataSync()]).toEqual(pixels);
  });

  it("refuses a file cut off anywhere, plain and packed", async () => {
    const packed = gzipSync(images);
    for (const whole of [images, packed]) {
      for (let length = 0; length < whole.length; length++) {
        await expect(readIdx(whole.subarray(0, length))).rejects.toThrow(NeuriteError);
      }
    }
  });

  it.each([
    ["too many elements", idx(8, [2], [1, 2, 3]), "got 11 bytes, expected 10"],
    ["too few elements", idx(8, [4], [1, 2, 3]), "got 11 bytes, expected 12"],
    ["a huge shape", idx(14, [2 ** 32 - 1, 2 ** 32 - 1, 2 ** 32 - 1], [1]), "got 17 bytes, expected"],
    ["an unknown element type", idx(10, [1], [1]), "starts with the bytes 0, 0, 10, 1"],
    ["another format", new TextEncoder().encode("label,pixel"), "starts with the bytes 108, 97, 98, 101"],
    ["nothing", new Uint8Array(0), "got 0 bytes"],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(readIdx(bytes)).rejects.toThrow(message);
    if (bytes.length > 4) await expect(readIdx(gzipSync(bytes))).rejects.toThrow(NeuriteError);
  });

  it("stops unpacking where the header says the file ends", async () => {
    const bomb = gzipSync(idx(8, [2], new Array<number>(20_000_000).fill(0)));
    await expect(readIdx(bomb)).rejects.toThrow("more than 10 bytes, expected 10");
  });

  it("refuses damaged gzip data", async () => {
    const damaged = gzipSync(images);
    damaged.fill(255, 12, 20);
    await expect(readIdx(damaged)).rejects.toThrow("readIdx: got gzip data that end early or are damaged");
  });
});
