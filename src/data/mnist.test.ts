import { existsSync, mkdirSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it, test, vi } from "vitest";
import { NeuriteError } from "../tensor/index.ts";
import { fashionClasses, loadFashionMnist, loadMnist } from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "neurite-mnist-"));
});
afterAll(() => rm(folder, { recursive: true }));
afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

/** An idx file of bytes. */
function idx(shape: readonly number[], at: (i: number) => number): Uint8Array {
  const size = shape.reduce((product, extent) => product * extent, 1);
  const bytes = new Uint8Array(4 + 4 * shape.length + size);
  bytes.set([0, 0, 8, shape.length]);
  for (const [axis, extent] of shape.entries()) new DataView(bytes.buffer).setUint32(4 + 4 * axis, extent);
  for (let i = 0; i < size; i++) bytes[4 + 4 * shape.length + i] = at(i);
  return bytes;
}

const images = (count: number): Uint8Array => idx([count, 28, 28], (i) => i % 256);
const labels = (count: number): Uint8Array => idx([count], (i) => i % 10);

/** A folder with these files. */
async function folderOf(name: string, files: Readonly<Record<string, Uint8Array>>): Promise<string> {
  const path = join(folder, name);
  mkdirSync(path);
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(path, name), bytes);
  return path;
}

describe.each([
  ["loadMnist", loadMnist],
  ["loadFashionMnist", loadFashionMnist],
])("%s", (name, load) => {
  it("reads plain and packed files of a folder", async () => {
    const path = await folderOf(`${name} good`, {
      "train-images-idx3-ubyte": images(3),
      "train-labels-idx1-ubyte.gz": gzipSync(labels(3)),
      "t10k-images-idx3-ubyte.gz": gzipSync(images(2)),
      "t10k-labels-idx1-ubyte": labels(2),
      "notes.txt": Uint8Array.of(1),
    });
    const { xTrain, yTrain, xTest, yTest } = await load(path);
    expect([xTrain.dtype, xTrain.shape, yTrain.dtype, yTrain.toArray()]).toEqual([
      "f32",
      [3, 28, 28, 1],
      "i32",
      [0, 1, 2],
    ]);
    expect([xTest.shape, yTest.toArray()]).toEqual([
      [2, 28, 28, 1],
      [0, 1],
    ]);
    expect([...xTrain.dataSync().subarray(254, 258)]).toEqual([254 / 255, 1, 0, 1 / 255].map(Math.fround));
  });

  it("says which files are missing, and how to get them", async () => {
    const path = await folderOf(`${name} short`, { "train-images-idx3-ubyte": images(3) });
    await expect(load(path)).rejects.toThrow(
      /without train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte.*\{ download: true \}/,
    );
    await expect(load(join(folder, "none"))).rejects.toThrow("there is no such file or folder");
  });

  it("refuses files that do not belong together", async () => {
    const good = { "t10k-images-idx3-ubyte": images(2), "t10k-labels-idx1-ubyte": labels(2) };
    const bad: [string, Uint8Array, Uint8Array][] = [
      ["fewer labels", images(3), labels(2)],
      ["another size", idx([3, 27, 28], () => 0), labels(3)],
      ["a label too large", images(3), idx([3], () => 10)],
      ["labels for images", labels(3), images(3)],
    ];
    for (const [why, x, y] of bad) {
      const files = { ...good, "train-images-idx3-ubyte": x, "train-labels-idx1-ubyte": y };
      const path = await folderOf(`${name} ${why}`, files);
      await expect(load(path)).rejects.toThrow(
        "expected images u8[count, 28, 28], and as many labels from 0 to 9",
      );
    }
  });
});

describe("downloads", () => {
  const answer = (bytes: Uint8Array, status = 200): Response =>
    new Response(Uint8Array.from(bytes), { status, headers: { "content-length": String(bytes.length) } });

  it("asks for what is missing only, and writes nothing that is not the known file", async () => {
    const asked: string[] = [];
    vi.stubGlobal("fetch", async (address: string) => {
      asked.push(address);
      return answer(gzipSync(labels(3)));
    });
    vi.spyOn(console, "log").mockImplementation(() => undefined);
    const path = await folderOf("forged", {
      "train-images-idx3-ubyte": images(3),
      "t10k-images-idx3-ubyte": images(3),
      "t10k-labels-idx1-ubyte": labels(3),
    });
    const before = await readdir(path);
    await expect(loadMnist(path, { download: true })).rejects.toThrow(
      /bytes with the SHA-256 [0-9a-f]{64} from https:.*expected 3552534a.*nothing was written/,
    );
    expect(asked).toEqual(["https://ossci-datasets.s3.amazonaws.com/mnist/train-labels-idx1-ubyte.gz"]);
    expect(await readdir(path)).toEqual(before);
    expect(console.log).toHaveBeenCalledWith("downloading MNIST train-labels-idx1-ubyte");
  });

  it("makes the folder, and shows nothing where nothing is wanted", async () => {
    vi.stubGlobal("fetch", async () => answer(Uint8Array.of(), 404));
    const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
    const path = join(folder, "new", "fashion");
    const loading = loadFashionMnist(path, { download: true, verbose: 0 });
    await expect(loading).rejects.toThrow(
      "download: got the status 404 from https://github.com/zalandoresearch",
    );
    expect([await readdir(path), log.mock.calls]).toEqual([[], []]);
  });

  it("says why there is no answer, and where an answer breaks off", async () => {
    vi.stubGlobal("fetch", async () => {
      throw new TypeError("fetch failed");
    });
    const path = join(folder, "away");
    await expect(loadMnist(path, { download: true, verbose: 0 })).rejects.toThrow(
      "got no answer (fetch failed)",
    );
    let pulls = 0;
    const broken = new ReadableStream({
      pull: (controller) => {
        if (pulls++ === 0) controller.enqueue(Uint8Array.of(1, 2, 3));
        else controller.error(new Error("closed"));
      },
    });
    vi.stubGlobal("fetch", async () => new Response(broken));
    await expect(loadMnist(path, { download: true, verbose: 0 })).rejects.toThrow(
      /bytes and then nothing \(closed\)/,
    );
    expect(await readdir(path)).toEqual([]);
  });

  it("refuses unknown options", async () => {
    const options = JSON.parse('{"dowload": true}');
    await expect(loadMnist(folder, options)).rejects.toThrow("did you mean 'download'?");
    await expect(loadMnist(folder, options)).rejects.toThrow(NeuriteError);
  });
});

const real = process.env.NEURITE_MNIST ?? "../shared/data/mnist-10k";
const hasReal = existsSync(join(real, "t10k-images-idx3-ubyte.gz"));
if (!hasReal)
  console.log(`the real MNIST is not tested: no files in ${real} (NEURITE_MNIST names another folder)`);

describe.skipIf(!hasReal)("the real files", () => {
  it("are images of digits", async () => {
    const { xTrain, yTrain, xTest, yTest } = await loadMnist(real);
    expect([xTest.shape, yTest.shape]).toEqual([[10000, 28, 28, 1], [10000]]);
    expect(xTrain.shape[0]).toBe(yTrain.shape[0]);
    // The first test image is a 7; 980 of them are zeros.
    const labels = [...yTest.dataSync()];
    expect([labels[0], labels.filter((label) => label === 0).length]).toEqual([7, 980]);
    const ink = xTest.dataSync();
    const mean = Array.from(ink).reduce((sum, value) => sum + value, 0) / ink.length;
    expect(mean).toBeCloseTo(0.1325, 4);
  });

  test("have the known checksum", async () => {
    const bytes = Uint8Array.from(await readFile(join(real, "t10k-images-idx3-ubyte.gz")));
    const path = join(folder, "known");
    vi.stubGlobal("fetch", async () => new Response(bytes));
    await makeWithOthers(path);
    await loadMnist(path, { download: true, verbose: 0 });
    expect(await readdir(path)).toContain("t10k-images-idx3-ubyte.gz");
  });
});

/** All but the test images, which then have to be fetched. */
async function makeWithOthers(path: string): Promise<void> {
  mkdirSync(path);
  await writeFile(join(path, "train-images-idx3-ubyte"), images(3));
  await writeFile(join(path, "train-labels-idx1-ubyte"), labels(3));
  await writeFile(join(path, "t10k-labels-idx1-ubyte"), labels(10000));
}

test("the classes of Fashion-MNIST", () => {
  expect([fashionClasses.length, fashionClasses[9]]).toEqual([10, "ankle boot"]);
});
