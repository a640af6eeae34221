/**
 * Under which heading the reference lists what a file or a folder of the source exports: by the part of the path below
 * src/, the longest one that fits. Exports of other files stand under the kind they are of.
 */
const headings: Readonly<Record<string, readonly string[]>> = {
  Tensors: ["base/", "lang/program/tensor", "lang/ops/operand", "lang/ops/bitcast"],
  "Making tensors": [
    "tensor/create",
    "lang/ops/create",
    "lang/ops/ranges",
    "lang/ops/iota",
    "lang/ops/random",
  ],
  "Arithmetic and functions": [
    "lang/ops/arithmetic",
    "lang/ops/elementwise",
    "lang/ops/mathematics",
    "lang/ops/exponential",
  ],
  "Activation functions": ["lang/ops/activations"],
  "Comparison, logic and choice": ["lang/ops/comparison", "lang/ops/logic", "lang/ops/select"],
  "Reductions and statistics": ["lang/ops/reductions", "lang/ops/statistics", "lang/ops/cumulative"],
  "Shape and order": [
    "lang/ops/arrays",
    "lang/ops/movement",
    "lang/ops/structure",
    "lang/ops/concatenate",
    "lang/ops/sorting",
  ],
  "Taking and putting elements": ["lang/ops/indexing", "lang/ops/dynamic-slice"],
  "Products and linear algebra": ["lang/ops/matmul", "lang/ops/einsum", "lang/ops/linear-algebra"],
  "Convolution and pooling": ["lang/ops/convolution", "lang/ops/window"],
  "Transformations of functions": [
    "lang/transforms/",
    "tensor/jit",
    "lang/control/custom-gradient",
    "lang/control/checkpoint",
  ],
  "Loops and branches": ["lang/control/"],
  "Looking inside": ["lang/ops/identity", "lang/program/", "lang/kernel/"],
  Devices: ["tensor/devices", "tensor/native-device", "tensor/threads", "exec/"],

  Layers: ["nn/dense/"],
  "Layers: activation": ["nn/activations/"],
  "Layers: attention": ["nn/attention/"],
  "Layers: augmentation": ["nn/augmentation/"],
  "Layers: convolution": ["nn/convolution/"],
  "Layers: merging": ["nn/merging/"],
  "Layers: noise and dropout": ["nn/noise/"],
  "Layers: normalization": ["nn/normalization/"],
  "Layers: pooling": ["nn/pooling/"],
  "Layers: recurrent": ["nn/recurrent/"],
  "Layers: shape": ["nn/shaping/"],
  "Initializers and regularizers": ["nn/initializers/", "nn/regularizers/"],
  "Stacks and graphs": ["nn/networks/"],
  "What a layer is": ["nn/"],

  "Errors and distances": ["losses/errors", "losses/embedding"],
  "Cross-entropies and likelihoods": ["losses/crossentropy", "losses/likelihoods", "losses/divergence"],
  Hinges: ["losses/hinge"],
  "What a loss is": ["losses/"],

  Optimizers: ["optim/sgd", "optim/adam", "optim/adaptive", "optim/sign"],
  "Stages of an optimizer": [
    "optim/accumulate",
    "optim/average",
    "optim/chain",
    "optim/clipping",
    "optim/constraints",
    "optim/decay",
  ],
  "Learning rates": ["optim/schedule", "optim/schedules"],
  "Whole batches": ["optim/lbfgs", "optim/line-search", "optim/minimize"],
  "What an optimizer is": ["optim/"],

  "Data sets": ["data/digits", "data/shipped-tables", "data/points", "data/mnist"],
  "Reading files": ["data/csv", "data/idx", "data/image-folder"],
  "Preparing data": [
    "data/features",
    "data/standardizer",
    "data/split",
    "data/windows",
    "data/pad-sequences",
  ],
  Batches: ["data/dataset", "data/prefetch", "data/worker-batches"],

  Models: ["train/"],
  "Data of a model": ["train/data", "train/source"],
  Callbacks: ["train/callback", "train/callbacks/", "train/checkpoint", "train/figures", "train/run"],
  Statistics: ["train/statistics"],
};

const byPath = new Map(
  Object.entries(headings).flatMap(([heading, paths]) => paths.map((path) => [path, heading] as const)),
);

/** The heading for a file, such as src/nn/dense/dense.ts; undefined where its module needs none. */
export function headingOf(file: string): string | undefined {
  const path = file.replace(/^src\//, "").replace(/\.ts$/, "");
  const fitting = [...byPath.keys()].filter(
    (key) => path === key || (key.endsWith("/") && path.startsWith(key)),
  );
  return byPath.get(fitting.sort((a, b) => b.length - a.length)[0]);
}

/** The headings in the order in which they are shown. */
export const headingOrder: readonly string[] = Object.keys(headings);
