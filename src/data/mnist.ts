import { checkOptions, NeuriteError } from "../base/error.ts";
import { formatType } from "../base/type.ts";
import { listFolder, makeFolder, readBytes } from "../io/index.ts";
import { type Tensor, tensor } from "../tensor/index.ts";
import { download, type KnownFile } from "./download.ts";
import { progressOf } from "./download-progress.ts";
import { readIdx } from "./idx.ts";
import type { Split } from "./split.ts";

/** Options of `loadMnist` and `loadFashionMnist`. */
export interface MnistOptions {
  /** Downloads what the folder does not hold, and checks it. Default false. */
  readonly download?: boolean;
  /** 0: nothing is shown of a download; 1: a progress bar, or a line for each file where there is no terminal. Default 1. */
  readonly verbose?: 0 | 1;
}

const names = {
  trainImages: "train-images-idx3-ubyte",
  trainLabels: "train-labels-idx1-ubyte",
  testImages: "t10k-images-idx3-ubyte",
  testLabels: "t10k-labels-idx1-ubyte",
} as const;

type Part = keyof typeof names;
const parts: readonly Part[] = ["trainImages", "trainLabels", "testImages", "testLabels"];
type Checksums = Readonly<Record<Part, string>>;

/** Where four files come from. */
interface Source {
  readonly title: string;
  readonly folder: string;
  readonly checksums: Checksums;
}

const mnist: Source = {
  title: "MNIST",
  folder: "https://ossci-datasets.s3.amazonaws.com/mnist/",
  checksums: {
    trainImages: "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    trainLabels: "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    testImages: "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    testLabels: "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
  },
};

const fashionMnist: Source = {
  title: "Fashion-MNIST",
  folder: "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion/",
  checksums: {
    trainImages: "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    trainLabels: "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    testImages: "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    testLabels: "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
  },
};

/** What the labels of Fashion-MNIST stand for. */
export const fashionClasses: readonly string[] = [
  "T-shirt/top",
  "trouser",
  "pullover",
  "dress",
  "coat",
  "sandal",
  "shirt",
  "sneaker",
  "bag",
  "ankle boot",
];

/**
 * MNIST from a folder: images of handwritten digits, f32 [count, 28, 28, 1] with ink from 0 to 1, and labels i32 [count];
 * 60,000 to learn from and 10,000 held out. The folder holds the four idx files under their names, plain or packed
 * (`train-images-idx3-ubyte.gz`); other numbers of images are fine. With `download`, missing files (11.6 MB in all) are
 * fetched from a mirror; their SHA-256 must be the known one.
 *
 * Source: Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits (1998). Throws a NeuriteError for
 * files that are missing or damaged, or that do not belong together.
 *
 * @example
 * ```ts no-run
 * import { loadMnist } from "neurite/data";
 *
 * const { xTrain, yTrain, xTest, yTest } = await loadMnist("data/mnist", { download: true });
 * ```
 */
export async function loadMnist(folder: string, options: MnistOptions = {}): Promise<Split> {
  return await load("loadMnist", mnist, folder, options);
}

/**
 * Fashion-MNIST from a folder: images of clothes in ten classes, `fashionClasses`; files, shapes and options as for
 * `loadMnist` (30.9 MB).
 *
 * Source: H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST (2017, arXiv:1708.07747), MIT licence. Throws as `loadMnist`.
 *
 * @example
 * ```ts no-run
 * import { loadFashionMnist } from "neurite/data";
 *
 * const { xTrain, yTrain } = await loadFashionMnist("data/fashion-mnist", { download: true });
 * ```
 */
export async function loadFashionMnist(folder: string, options: MnistOptions = {}): Promise<Split> {
  return await load("loadFashionMnist", fashionMnist, folder, options);
}

async function load(
  operation: string,
  source: Source,
  folder: string,
  options: MnistOptions,
): Promise<Split> {
  checkOptions(operation, options, ["download", "verbose"]);
  const { download: mayDownload = false, verbose = 1 } = options;
  if (mayDownload) await makeFolder(folder);
  const present = (await listFolder(folder)).map(({ name }) => name);
  const found = (part: Part): string | undefined =>
    [`${names[part]}.gz`, names[part]].find((name) => present.includes(name));
  const missing = parts.filter((part) => found(part) === undefined).map((part) => names[part]);
  if (missing.length > 0 && !mayDownload) {
    throw new NeuriteError({
      operation,
      got: `a folder '${folder}' without ${missing.join(", ")}`,
      expected: `the four files of ${source.title}, plain or packed with gzip`,
      hint: `${operation}("${folder}", { download: true })`,
    });
  }
  const read = async (part: Part): Promise<Tensor> => {
    const name = found(part);
    const path = `${folder}/${name ?? `${names[part]}.gz`}`;
    const bytes =
      name === undefined ? await fetchPart(source, part, path, verbose === 0) : await readBytes(path);
    return await readIdx(bytes);
  };
  const [xTrain, yTrain] = pair(operation, await read("trainImages"), await read("trainLabels"));
  const [xTest, yTest] = pair(operation, await read("testImages"), await read("testLabels"));
  return { xTrain, yTrain, xTest, yTest };
}

async function fetchPart(source: Source, part: Part, path: string, isSilent: boolean): Promise<Uint8Array> {
  const file: KnownFile = {
    address: `${source.folder}${names[part]}.gz`,
    checksum: source.checksums[part],
  };
  const progress = await progressOf(`${source.title} ${names[part]}`, isSilent);
  try {
    return await download(file, path, progress.onBytes);
  } finally {
    progress.stop();
  }
}

function pair(operation: string, images: Tensor, labels: Tensor): readonly [x: Tensor, y: Tensor] {
  const [count, height, width] = images.shape;
  const areImages = images.dtype === "u8" && images.shape.length === 3 && height === 28 && width === 28;
  const classes = labels.dataSync();
  const areLabels =
    labels.shape.length === 1 && classes.length === count && classes.every((label) => label < 10);
  if (!areImages || !areLabels) {
    throw new NeuriteError({
      operation,
      got: `images ${formatType(images)} and labels ${formatType(labels)} up to ${Math.max(0, ...new Set(classes))}`,
      expected: "images u8[count, 28, 28], and as many labels from 0 to 9",
    });
  }
  const ink = Float32Array.from(images.dataSync(), (level) => level / 255);
  return [tensor(ink, { shape: [count, 28, 28, 1] }), tensor(Int32Array.from(classes))];
}
