import { checkOptions, NeuriteError } from "../base/error.ts";
import { loadOptional } from "../base/optional.ts";
import { type FolderEntry, listFolder } from "../io/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";

/** Options of `imagesFromFolder`. */
export interface ImageFolderOptions {
  /** Images of another size are stretched or shrunk to this one. */
  readonly size: readonly [height: number, width: number];
  /** 1: grey, 0.299 red + 0.587 green + 0.114 blue (Rec. 601); 3: red, green, blue. Default 3. */
  readonly channels?: 1 | 3;
}

/** Images with their classes. */
export interface LabelledImages {
  /** f32 [count, height, width, channels] from 0 to 1. */
  readonly images: Tensor;
  /** i32 [count]: positions among `classNames`. */
  readonly labels: Tensor;
  /** The names of the folders, sorted. */
  readonly classNames: readonly string[];
  /** The files, in the order of the images. */
  readonly paths: readonly string[];
}

interface LabelledFile {
  readonly path: string;
  readonly label: number;
}

/** sharp, of which only this is used. */
type Sharp = typeof import("sharp")["default"];

const imageName = /\.(jpe?g|png|webp|gif|avif|tiff?)$/i;
/** Files decoded at once, by threads of sharp. */
const atOnce = 8;

/**
 * Images from a folder that has a folder for each class: sorted by class, then by name; files of other kinds are passed over.
 * Photographs are turned as their camera says; transparency is left out. Decoding is not done on the calling thread. Needs
 * the optional package `sharp`.
 *
 * Throws a NeuriteError, without `sharp` too, for a folder without folders of images and for an image that cannot be read.
 *
 * @example
 * ```ts no-run
 * import { imagesFromFolder } from "neurite/data";
 *
 * // flowers/rose/1.jpg, flowers/rose/2.jpg, flowers/tulip/1.jpg, …
 * const { images, labels, classNames } = await imagesFromFolder("flowers", { size: [64, 64] });
 * ```
 */
export async function imagesFromFolder(path: string, options: ImageFolderOptions): Promise<LabelledImages> {
  checkOptions("imagesFromFolder", options, ["size", "channels"]);
  const { size, channels = 3 } = options;
  const [height, width] = size;
  if (
    !size.every((extent) => Number.isInteger(extent) && extent >= 1) ||
    (channels !== 1 && channels !== 3)
  ) {
    throw new NeuriteError({
      operation: "imagesFromFolder",
      got: `size: [${size.join(", ")}], channels: ${channels}`,
      expected: "whole numbers ≥ 1, and 1 or 3 channels",
    });
  }
  const { classNames, files } = await findFiles(path);
  const sharp = await loadSharp();
  const values = new Float32Array(files.length * height * width * channels);
  const imageSize = height * width * channels;
  for (let start = 0; start < files.length; start += atOnce) {
    const decoded = files.slice(start, start + atOnce).map(({ path }) => decode(sharp, path, size));
    for (const [i, pixels] of (await Promise.all(decoded)).entries()) {
      fill(values.subarray((start + i) * imageSize, (start + i + 1) * imageSize), pixels, channels);
    }
  }
  return {
    images: tensor(values, { shape: [files.length, height, width, channels] }),
    labels: tensor(Int32Array.from(files, ({ label }) => label)),
    classNames,
    paths: files.map(({ path }) => path),
  };
}

async function findFiles(path: string): Promise<{ classNames: string[]; files: LabelledFile[] }> {
  const folders = (await listFolder(path)).filter(({ isFolder, name }) => isFolder && !name.startsWith("."));
  const contents = await Promise.all(folders.map(({ path }) => listFolder(path)));
  const isImage = ({ name, isFolder }: FolderEntry): boolean => !isFolder && imageName.test(name);
  const files = contents.flatMap((entries, label) =>
    entries.filter(isImage).map(({ path }): LabelledFile => ({ path, label })),
  );
  const empty = folders.find((_, label) => !files.some((file) => file.label === label));
  if (folders.length === 0 || empty !== undefined) {
    throw new NeuriteError({
      operation: "imagesFromFolder",
      got: empty === undefined ? `'${path}' without folders` : `'${empty.path}' without images`,
      expected: "a folder for each class, with images (jpg, png, webp, gif, avif, tiff) in each",
    });
  }
  return { classNames: folders.map(({ name }) => name), files };
}

async function loadSharp(): Promise<Sharp> {
  // The name in a variable keeps the package, which is for Node, out of bundles for browsers.
  const name = "sharp";
  const loaded = await loadOptional<{ readonly default: Sharp }>(
    "imagesFromFolder",
    name,
    () => import(/* @vite-ignore */ name),
  );
  return loaded.default;
}

/** Red, green and blue of every pixel. Grey is not asked of sharp: it would weigh linear light. */
async function decode(
  sharp: Sharp,
  path: string,
  [height, width]: readonly [number, number],
): Promise<Uint8Array> {
  try {
    const image = sharp(path).autoOrient().resize(width, height, { fit: "fill" });
    const { data, info } = await image
      .removeAlpha()
      .toColourspace("srgb")
      .raw()
      .toBuffer({ resolveWithObject: true });
    if (info.channels === 3) return data;
    return Uint8Array.from({ length: 3 * height * width }, (_, i) => data[Math.floor(i / 3) * info.channels]);
  } catch (error) {
    throw new NeuriteError({
      operation: "imagesFromFolder",
      got: `'${path}': ${error instanceof Error ? error.message : String(error)}`,
      expected: "an image",
    });
  }
}

function fill(values: Float32Array, pixels: Uint8Array, channels: 1 | 3): void {
  for (let i = 0; i < values.length; i++) {
    if (channels === 3) values[i] = pixels[i] / 255;
    else values[i] = (0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2]) / 255;
  }
}
