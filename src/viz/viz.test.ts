// What every picture keeps to, and what each of them shows.
import { parseHTML } from "linkedom";
import { describe, expect, it, test } from "vitest";
import {
  connect,
  conv2d,
  dense,
  flatten,
  input,
  type Layer,
  maxPool2d,
  merge,
  residual,
  stack,
} from "../nn/index.ts";
import {
  add,
  jit,
  matmul,
  NeuriteError,
  random,
  relu,
  sigmoid,
  sum,
  type Tensor,
  tensor,
  withScope,
  zeros,
} from "../tensor/index.ts";
import { Model, Sequential } from "../train/index.ts";
import {
  drawArchitecture,
  drawConfusionMatrix,
  drawDecisionBoundary,
  drawFeatureMaps,
  drawFilters,
  drawGradientNorms,
  drawLearningCurves,
  drawMisclassified,
  drawProgram,
  drawResiduals,
  findMistakes,
  planeAround,
  toPng,
} from "./index.ts";

const points: Tensor = tensor([
  [-1, 0],
  [1, 2],
  [0, 1],
]);
const plane = planeAround(points);
const upwards = sigmoid(matmul(plane.places, tensor([[4], [0]])));
const labels: Tensor = tensor([0, 1, 1], { dtype: "i32" });
const images: Tensor = random.uniform(random.key(0), [3, 4, 4, 1]);
const probabilities: Tensor = tensor([
  [0.9, 0.1],
  [0.8, 0.2],
  [0.6, 0.4],
]);
const layers = [
  conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1], name: "edges" }),
  maxPool2d({ poolSize: 2 }),
  flatten(),
  dense({ units: 10 }),
] as const;

/** Two inputs through shared layers, a third one beside them, two outputs. */
function twoTowers(): Model {
  const [left, right, price] = [
    input({ shape: [3], name: "left" }),
    input({ shape: [3], name: "right" }),
    input({ shape: [2], name: "price" }),
  ];
  const tower = stack([dense({ units: 4, activation: "tanh" })], { name: "tower" });
  const joined = connect([connect(left, tower), connect(right, tower), price], merge.concatenate());
  const score = connect(joined, dense({ units: 1, name: "score" }));
  const kind = connect(joined, dense({ units: 3, activation: "softmax", name: "kind" }));
  return new Model({ inputs: [left, right, price], outputs: [score, kind] });
}

const { program } = jit((W: Tensor, x: Tensor) =>
  sum(withScope("hidden", () => relu(add(matmul(x, W), 3)))),
).lower(zeros([2, 4]), zeros([5, 2]));

const pictures: [name: string, draw: () => string | Promise<string>][] = [
  ["drawLearningCurves", () => drawLearningCurves({ loss: [2, 1], valLoss: [3, 2], accuracy: [0.5, 0.75] })],
  ["drawGradientNorms", () => drawGradientNorms({ "hidden.weights": [1, 0.1], "output.weights": [0, 2] })],
  ["drawConfusionMatrix", () => drawConfusionMatrix(tensor([[5, 1], [0, 7]]), { classes: ["<b>", "no & yes"] })], // biome-ignore format: a matrix
  ["drawResiduals", () => drawResiduals([1, 2, 3], [1.5, 2, 2.5], { quantity: "height (m)" })],
  [
    "drawDecisionBoundary",
    () => drawDecisionBoundary(plane, [{ title: "step 1", outputs: upwards }], points, labels),
  ],
  ["drawFilters", () => drawFilters(random.normal(random.key(1), [3, 3, 2, 5]))],
  ["drawFeatureMaps", () => drawFeatureMaps(random.normal(random.key(1), [6, 6, 3]))],
  ["drawMisclassified", () => drawMisclassified(images, probabilities, labels)],
  ["drawArchitecture", () => drawArchitecture(layers)],
  ["drawArchitecture of a graph", () => drawArchitecture(twoTowers())],
  ["drawProgram", () => drawProgram(program)],
];

/** The elements of a picture. */
function elements(svg: string, selector: string): Element[] {
  return [...parseHTML(`<html><body>${svg}</body></html>`).document.querySelectorAll(selector)];
}

function texts(svg: string): string[] {
  return elements(svg, "text").map(({ textContent }) => textContent ?? "");
}

describe.each(pictures)("%s", (_, draw) => {
  it("is one whole SVG with a title, no numbers missing, and nothing from elsewhere", async () => {
    const svg = await draw();
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg"[\s\S]*<\/svg>\n$/);
    expect(svg).toMatch(/<title>[^<]+<\/title>/);
    expect(svg).not.toMatch(/NaN|undefined|Infinity|null/);
    expect(svg.match(/https?:/g)).toHaveLength(1);
    expect(await draw()).toBe(svg);
  });

  it("keeps its texts within its frame", async () => {
    const svg = await draw();
    const [left, top, width, height] = (/viewBox="([^"]+)"/.exec(svg)?.[1] ?? "").split(" ").map(Number);
    const found = elements(svg, "text");
    expect(found.length).toBeGreaterThan(0);
    for (const text of found) {
      const { x, y } = placeOf(text);
      expect([text.textContent, x >= left && x <= left + width, y >= top && y <= top + height]).toEqual([
        text.textContent,
        true,
        true,
      ]);
    }
  });

  it("differs in light and dark, and is drawn by resvg", async () => {
    const svg = await draw();
    const [light, dark] = [await toPng(svg, { scale: 1 }), await toPng(svg, { scale: 1, theme: "dark" })];
    expect([...light.subarray(1, 4)]).toEqual([..."PNG"].map((letter) => letter.charCodeAt(0)));
    const width = Number(/ width="(\d+)"/.exec(svg)?.[1]);
    expect(new DataView(light.buffer, light.byteOffset).getUint32(16)).toBe(width);
    expect(Buffer.compare(light, dark)).not.toBe(0);
  });
});

/** Where a text begins, in the coordinates of the picture: places and all translations around it. */
function placeOf(text: Element): { x: number; y: number } {
  let [x, y] = ["x", "y"].map((name) => Number.parseFloat(text.getAttribute(name) ?? "0"));
  // Plot gives y in em.
  if (/em$/.test(text.getAttribute("y") ?? "")) y *= 12;
  for (let node: Element | null = text; node !== null; node = node.parentElement) {
    const moves = /translate\(([-\d.e]+)[ ,]+([-\d.e]+)\)/.exec(node.getAttribute("transform") ?? "");
    if (moves !== null) [x, y] = [x + Number(moves[1]), y + Number(moves[2])];
  }
  return { x, y };
}

describe("what is drawn", () => {
  it("learning curves: one chart for each figure, validation beside training, units at the axes", async () => {
    const svg = await drawLearningCurves(
      { loss: [2, 1], valLoss: [3, 2], meanAbsoluteError: [5, 4] },
      { units: { meanAbsoluteError: "cm" } },
    );
    const words = texts(svg);
    for (const word of ["loss", "mean absolute error (cm)", "training", "validation", "epoch"]) {
      expect(words).toContain(word);
    }
    expect(words.filter((word) => word === "epoch")).toHaveLength(2);
    expect(elements(svg, '[aria-label="line"] path')).toHaveLength(3);
  });

  it("learning curves: values that are not finite leave gaps", async () => {
    const svg = await drawLearningCurves({ loss: [2, Number.NaN, 1, 0.5] });
    const [line] = elements(svg, '[aria-label="line"] path');
    expect((line.getAttribute("d") ?? "").match(/M/g)).toHaveLength(2);
  });

  it("gradient norms: tenfold is equally far everywhere", async () => {
    const svg = await drawGradientNorms({ w: [1, 0.1, 0.01] }, { over: "epoch" });
    expect(texts(svg)).toContain("epoch");
    const [line] = elements(svg, '[aria-label="line"] path');
    const heights = [...(line.getAttribute("d") ?? "").matchAll(/,([\d.]+)/g)].map(([, y]) => Number(y));
    expect(heights[1] - heights[0]).toBeCloseTo(heights[2] - heights[1], 6);
  });

  it("confusion matrix: counts, names, and colours by the share of the row", async () => {
    const svg = await drawConfusionMatrix([[6, 2], [0, 4]], { classes: ["<b>", "yes"] }); // biome-ignore format: a matrix
    expect(svg).not.toContain("<b>");
    expect(texts(svg)).toEqual(
      expect.arrayContaining(["6", "2", "4", "<b>", "yes", "true class", "predicted class"]),
    );
    const opacities = elements(svg, '[aria-label="cell"] rect').map((cell) =>
      Number(cell.getAttribute("fill-opacity")),
    );
    expect(opacities.map((opacity) => opacity.toFixed(2))).toEqual(["0.55", "0.25", "0.04", "0.70"]);
  });

  it("residuals: a dot for each example, on the line where it is right", async () => {
    const svg = await drawResiduals([1, 2, 3], [1, 2, 3.5], { quantity: "height (m)" });
    for (const word of ["true height (m)", "predicted height (m)", "residual, true − predicted"]) {
      expect(texts(svg)).toContain(word);
    }
    const charts = elements(svg, '[aria-label="dot"]').map((group) =>
      [...group.querySelectorAll("circle")].map((dot) =>
        ["cx", "cy"].map((name) => Number(dot.getAttribute(name))),
      ),
    );
    expect(charts.map((dots) => dots.length)).toEqual([3, 3]);
    const [[[x1, y1], [x2, y2], [x3, y3]], [[, zero], [, alsoZero], [, below]]] = charts;
    const slope = (y2 - y1) / (x2 - x1);
    expect(y3).toBeLessThan(y1 + slope * (x3 - x1) - 10);
    expect(zero).toBe(alsoZero);
    expect(below).toBeGreaterThan(zero + 10);
  });

  it("numbers at axes have equally many decimals, the sign of a minus, and room", async () => {
    const words = texts(await drawResiduals([-1, -0.5, 0], [-1, -0.5, 0]));
    expect(words).toEqual(expect.arrayContaining(["−1.0", "−0.8", "−0.2", "0.0"]));
    const small = await drawLearningCurves({ loss: [-2.5e-4, 0, 1e-4] });
    expect(texts(small)).toEqual(expect.arrayContaining(["−2 × 10⁻⁴", "10⁻⁴", "0"]));
    const labels = elements(small, '[aria-label="y-axis tick label"] text');
    const widest = Math.max(...labels.map(({ textContent }) => 7.4 * (textContent ?? "").length));
    expect(Math.min(...labels.map((label) => placeOf(label).x))).toBeGreaterThan(widest);
    const steep = texts(await drawGradientNorms({ w: [1, 1e-5] }));
    expect(steep).toEqual(expect.arrayContaining(["10⁻⁴", "10⁰"]));
    expect(steep).not.toContain("0.1");
  });

  it("decision boundary: the class on the right of x = 0", async () => {
    const svg = await drawDecisionBoundary(
      plane,
      [{ title: "after 3 steps", outputs: upwards }],
      points,
      labels,
    );
    expect(texts(svg)).toEqual(expect.arrayContaining(["after 3 steps", "class 0", "class 1", "x₁", "x₂"]));
    expect(elements(svg, '[aria-label="dot"] circle')).toHaveLength(3);
    const [zero, one] = elements(svg, '[aria-label="contour"]').map((group) =>
      [...group.querySelectorAll("path")].map((path) => across(path.getAttribute("d") ?? "")),
    );
    // Bands from 0.5 on, each within the one before; the two classes meet in the middle.
    expect([zero.length, one.length]).toEqual([3, 3]);
    expect(zero[0].high).toBeCloseTo(one[0].low, 0);
    expect(zero[1].high).toBeLessThan(zero[0].high);
    expect(one[1].low).toBeGreaterThan(one[0].low);
    expect(one[0].low).toBeCloseTo((one[0].high + zero[0].low) / 2, 0);
  });

  it("planes: places lie row by row from the lowest left corner, a tenth beyond the points", () => {
    const values = plane.places.dataSync();
    expect([plane.x, plane.y]).toEqual([
      [-1.2, 1.2],
      [-0.2, 2.2],
    ]);
    expect([values[0], values[1]].map((value) => value.toFixed(3))).toEqual(["-1.185", "-0.185"]);
    expect(values[2]).toBeGreaterThan(values[0]);
    expect(values[3]).toBe(values[1]);
    expect(values[2 * plane.size + 1]).toBeGreaterThan(values[1]);
  });

  it("filters and feature maps: blue above 0, orange below, stronger if larger", async () => {
    const svg = drawFilters(tensor([[[[1]], [[-0.5]]]]));
    const [pixels] = await pixelsOf(svg);
    expect(pixels).toEqual([
      [31, 134, 209, 255],
      [213, 94, 0, 128],
    ]);
    const map = tensor([[[0, 2]], [[4, 0]]]); // two rows, one column, two channels
    const [first, second] = await pixelsOf(drawFeatureMaps(map));
    expect(first.map(([, , , opacity]) => opacity)).toEqual([0, 255]);
    expect(second.map(([, , , opacity]) => opacity)).toEqual([128, 0]);
    const dense = drawFilters(zeros([6, 2]), { imageShape: [2, 3] });
    expect((await pixelsOf(dense)).map((image) => image.length)).toEqual([6, 6]);
  });

  it("misclassified: the most confident mistake first", async () => {
    expect(findMistakes(probabilities, labels)).toEqual([
      { example: 1, truth: 1, prediction: 0, confidence: expect.closeTo(0.8) },
      { example: 2, truth: 1, prediction: 0, confidence: expect.closeTo(0.6) },
    ]);
    const svg = drawMisclassified(images, probabilities, labels, { classes: ["cat", "dog"] });
    expect(texts(svg)).toEqual(["cat (80 %)", "is dog", "cat (60 %)", "is dog"]);
    const [first] = await pixelsOf(svg);
    const values = images.dataSync();
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const level = Math.round((255 * (values[16] - low)) / (high - low));
    expect(first[0]).toEqual([level, level, level, 255]);
    expect(elements(drawMisclassified(images, probabilities, labels, { most: 1 }), "image")).toHaveLength(1);
    const right = tensor([0, 0, 0], { dtype: "i32" });
    expect(texts(drawMisclassified(images, probabilities, right))).toEqual(["no example is misclassified"]);
  });

  it("architecture: names, shapes and parameters of each layer", () => {
    expect(texts(drawArchitecture(layers))).toEqual([
      ...["input", "8 × 8 × 1"],
      ...["edges", "conv2d", "40 parameters", "6 × 6 × 4"],
      ...["maxPool2d", "3 × 3 × 4"],
      ...["flatten", "36"],
      ...["dense", "370 parameters", "10"],
    ]);
  });

  it("architecture: a model is what its layers are", () => {
    expect(drawArchitecture(new Sequential({ layers }))).toBe(drawArchitecture(layers));
    const x = input({ shape: [8, 8, 1] });
    const chain = new Model({ inputs: x, outputs: connect(x, ...layers) });
    expect(drawArchitecture(chain)).toBe(drawArchitecture(layers));
  });

  it("architecture: inputs, branches and outputs of a graph, shared layers counted once", () => {
    const svg = drawArchitecture(twoTowers());
    expect(texts(svg).sort()).toEqual(
      [
        ...["left", "3", "right", "3", "price", "2"],
        ...["tower", "stack · 16 parameters · 4", "dense", "16 parameters", "4"],
        ...["tower", "stack · shared · 4", "dense", "16 parameters", "4"],
        ...["concatenate", "10", "score", "dense · 11 parameters", "1", "kind", "dense · 33 parameters", "3"],
        ...["output", "1", "output", "3"],
      ].sort(),
    );
    // left, right → towers; both and price → concatenate → score, kind → outputs; within each tower one more.
    expect(elements(svg, 'path[fill="none"]')).toHaveLength(2 + 3 + 2 + 2 + 2);
  });

  it("architecture: a residual block shows both ways", () => {
    const way = () => conv2d({ filters: 4, kernelSize: 1 });
    const block = (shortcut: readonly Layer[]) =>
      residual([way(), way()], { shortcut, inputShape: [8, 8, 4] });
    const [plain, changed] = [[], [way()]].map((shortcut) => drawArchitecture([block(shortcut)]));
    expect(texts(plain).filter((word) => word === "8 × 8 × 4")).toHaveLength(3);
    expect(texts(plain)).toContain("40 parameters · 8 × 8 × 4");
    expect(texts(changed)).toContain("60 parameters · 8 × 8 × 4");
    for (const svg of [plain, changed]) expect(texts(svg)).toContain("+");
    // Into the block, along the layers, around them, into the sum.
    expect([plain, changed].map((svg) => elements(svg, 'path[fill="none"]').length)).toEqual([5, 6]);
  });

  it("computation graph: every equation with its type, below what it needs", () => {
    const svg = drawProgram(program);
    const words = texts(svg);
    for (const { primitive } of program.equations) {
      expect(words.some((word) => word.split(" ")[0] === primitive.name)).toBe(true);
    }
    expect(words).toEqual(
      expect.arrayContaining(["input", "f32[2, 4]", "add 3", "f32[5, 4]", "output", "hidden"]),
    );
    // Lines lead downwards.
    const lines = elements(svg, 'path[fill="none"][stroke="currentColor"]').map(
      (path) => path.getAttribute("d") ?? "",
    );
    const edges = program.equations.flatMap(({ inputs }) => inputs).filter((input) => "id" in input);
    expect(lines).toHaveLength(edges.length + 1);
    for (const line of lines) {
      const numbers = [...line.matchAll(/-?[\d.]+/g)].map(Number);
      const [start, end] = [numbers[1], Number(/L[-\d.]+ ([-\d.]+)L/.exec(line)?.[1])];
      expect(end).toBeGreaterThan(start);
    }
  });
});

/** How far a path goes from left to right. */
function across(path: string): { low: number; high: number } {
  const places = [...path.matchAll(/([-\d.]+),[-\d.]+/g)].map(([, x]) => Number(x));
  return { low: Math.min(...places), high: Math.max(...places) };
}

/** The pixels of the images of a picture, read by another library. */
async function pixelsOf(svg: string): Promise<number[][][]> {
  const { default: sharp } = await import("sharp");
  return await Promise.all(
    elements(svg, "image").map(async (image) => {
      const [, base64] = (image.getAttribute("href") ?? "").split("base64,");
      const raw = await sharp(Buffer.from(base64, "base64")).ensureAlpha().raw().toBuffer();
      return Array.from({ length: raw.length / 4 }, (_, i) => [...raw.subarray(4 * i, 4 * i + 4)]);
    }),
  );
}

describe("bad input", () => {
  test.each<[why: string, draw: () => unknown, message: string]>([
    ["no figures", () => drawLearningCurves({}), "got a history without figures"],
    ["no finite value", () => drawLearningCurves({ loss: [Number.NaN] }), "got no finite value of loss"],
    ["only zeros", () => drawGradientNorms({ w: [0, 0] }), "got no positive value of norm of the gradient"],
    ["counts that are not square", () => drawConfusionMatrix([[1, 2]]), "got counts of shape [1, 2]"],
    ["negative counts", () => drawConfusionMatrix([[-1]]), "got counts that are negative or not finite"],
    [
      "names that do not fit",
      () => drawConfusionMatrix([[1]], { classes: ["a", "b"] }),
      "2 names of classes, expected 1",
    ],
    ["unequal numbers", () => drawResiduals([1, 2], [1]), "got 2 values, 1 predictions"],
    [
      "infinite predictions",
      () => drawResiduals([1], [Number.POSITIVE_INFINITY]),
      "values that are not finite",
    ],
    ["points in space", () => planeAround(zeros([4, 3])), "got f32[4, 3], expected points [examples, 2]"],
    [
      "outputs elsewhere",
      () => drawDecisionBoundary(plane, [{ title: "a", outputs: zeros([3, 1]) }], points, labels),
      "outputs f32[3, 1] of the stage 'a', expected [6400, classes]",
    ],
    [
      "a label of no class",
      () => drawDecisionBoundary(plane, [{ title: "a", outputs: upwards }], points, tensor([0, 1, 2])),
      "got the label 2, expected a class from 0 to 1",
    ],
    ["no stage", () => drawDecisionBoundary(plane, [], points, labels), "got no stage"],
    ["dense weights", () => drawFilters(zeros([64, 2])), "drawFilters(weights, { imageShape: [28, 28] })"],
    [
      "filters of NaN",
      () => drawFilters(tensor([[[[Number.NaN]]]])),
      "got NaN at position 0, expected finite numbers",
    ],
    ["a batch of maps", () => drawFeatureMaps(zeros([1, 2, 2, 3])), "take one of the batch"],
    [
      "two channels",
      () => drawMisclassified(zeros([3, 2, 2, 2]), probabilities, labels),
      "one channel or three",
    ],
    ["labels that do not fit", () => findMistakes(probabilities, zeros([2])), "one label for each example"],
    ["no layers", () => drawArchitecture([]), "got no layers"],
    ["no shape", () => drawArchitecture([flatten()]), "a first layer 'flatten' without inputShape"],
    ["no SVG", () => toPng("a text"), "got a text that is no SVG"],
    ["a scale of 0", () => toPng("<svg/>", { scale: 0 }), "got scale: 0"],
    ["an unknown option", () => toPng("<svg/>", JSON.parse('{"them": "dark"}')), "did you mean 'theme'?"],
    ["an unknown theme", () => toPng("<svg/>", JSON.parse('{"theme": "drak"}')), "did you mean 'dark'?"],
  ])("%s", async (_, draw, message) => {
    const drawn = (async () => draw())();
    await expect(drawn).rejects.toThrow(NeuriteError);
    await expect(drawn).rejects.toThrow(message);
  });

  it("a graph that nobody can read", () => {
    const long = (x: Tensor): Tensor => {
      for (let i = 0; i < 700; i++) x = add(x, i);
      return x;
    };
    expect(() => drawProgram(jit(long).lower(tensor(1)).program)).toThrow(
      "700 equations, expected at most 600",
    );
  });
});
