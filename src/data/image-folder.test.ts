import { mkdirSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { imagesFromFolder } from "./index.ts";

let folder = "";

/** Writes an image of pixels [red, green, blue, opacity?] in rows. */
async function write(
  path: string,
  rows: readonly (readonly number[])[][],
  channels: 1 | 3 | 4 = 3,
): Promise<void> {
  const raw = { width: rows[0].length, height: rows.length, channels };
  await sharp(Uint8Array.from(rows.flat(2)), { raw })
    .png()
    .toFile(join(folder, path));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "neurite-images-"));
  for (const name of ["red", "blue", ".hidden", "red/deeper"]) mkdirSync(join(folder, name));
  await write("red/b.png", [[[255, 0, 0], [0, 255, 0]]]); // biome-ignore format: pixels
  await write("red/a.png", [[[0, 0, 255], [255, 255, 255]]]); // biome-ignore format: pixels
  await write("blue/1.PNG", [[[51], [102]]], 1); // biome-ignore format: pixels
  await write("blue/2.png", [[[10, 20, 30, 0], [40, 50, 60, 128]]], 4); // biome-ignore format: pixels
  await writeFile(join(folder, "red", "notes.txt"), "no image");
  await writeFile(join(folder, "notes.txt"), "no image");
});
afterAll(() => rm(folder, { recursive: true }));

describe("imagesFromFolder", () => {
  it("reads colours by class and name", async () => {
    const { images, labels, classNames, paths } = await imagesFromFolder(folder, { size: [1, 2] });
    expect([classNames, labels.toArray(), images.dtype, images.shape]).toEqual([
      ["blue", "red"],
      [0, 0, 1, 1],
      "f32",
      [4, 1, 2, 3],
    ]);
    expect(paths.map((path) => path.slice(folder.length + 1))).toEqual([
      "blue/1.PNG",
      "blue/2.png",
      "red/a.png",
      "red/b.png",
    ]);
    const bytes = Array.from(images.dataSync(), (value) => Math.round(255 * value));
    expect(bytes).toEqual([
      51, 51, 51, 102, 102, 102, 10, 20, 30, 40, 50, 60, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 255, 0,
    ]);
  });

  it("weighs grey as Rec. 601 does", async () => {
    const { images } = await imagesFromFolder(folder, { size: [1, 2], channels: 1 });
    expect(images.shape).toEqual([4, 1, 2, 1]);
    const red = Array.from(images.dataSync()).slice(4);
    for (const [i, expected] of [0.114, 1, 0.299, 0.587].entries()) expect(red[i]).toBeCloseTo(expected, 6);
    expect(images.dataSync()[0]).toBeCloseTo(51 / 255, 6);
  });

  it("brings all to one size, and turns photographs upright", async () => {
    const { images } = await imagesFromFolder(folder, { size: [4, 6] });
    expect(images.shape).toEqual([4, 4, 6, 3]);
    const turned = join(folder, "turned");
    mkdirSync(join(turned, "one"), { recursive: true });
    // Orientation 6: the camera was turned, the first column is the top.
    const raw = { width: 2, height: 1, channels: 3 } as const;
    const image = sharp(Uint8Array.of(255, 0, 0, 0, 0, 255), { raw }).withMetadata({ orientation: 6 });
    await image.png().toFile(join(turned, "one", "photo.png"));
    const upright = await imagesFromFolder(turned, { size: [2, 1] });
    expect([...upright.images.dataSync()]).toEqual([1, 0, 0, 0, 0, 1]);
    await rm(turned, { recursive: true });
  });

  test("bad input", async () => {
    await expect(imagesFromFolder(folder, { size: [0, 2] })).rejects.toThrow("got size: [0, 2], channels: 3");
    await expect(imagesFromFolder(join(folder, "none"), { size: [1, 1] })).rejects.toThrow(
      "no such file or folder",
    );
    await expect(imagesFromFolder(join(folder, "blue"), { size: [1, 1] })).rejects.toThrow("without folders");
    await expect(imagesFromFolder(join(folder, "red"), { size: [1, 1] })).rejects.toThrow(
      "deeper' without images",
    );
    mkdirSync(join(folder, "zebra"));
    await writeFile(join(folder, "zebra", "broken.jpg"), "no image");
    await expect(imagesFromFolder(folder, { size: [1, 1] })).rejects.toThrow(
      /broken\.jpg': .*expected an image/,
    );
    await rm(join(folder, "zebra"), { recursive: true });
  });
});
