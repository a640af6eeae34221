/** Draws learning.svg: a small network learns two spirals. `npx tsx docs/pictures/learning.ts` */
import { writeFileSync } from "node:fs";
import { spiral } from "../../src/data/index.ts";
import { random, tensor } from "../../src/index.ts";
import { dense } from "../../src/nn/index.ts";
import { adam } from "../../src/optim/index.ts";
import { Sequential } from "../../src/train/index.ts";
import { outlines, type Position } from "./contour.ts";

const shownAfter = [30, 120, 600];
const grid = 61;
const reach = 6; // of both axes
const panel = 200;
const gap = 24;
const top = 26;

const { x, y } = spiral(random.key(0), { examples: 240, noise: 0.05 });
const model = new Sequential({
  layers: [
    dense({ units: 32, activation: "tanh", inputShape: [2] }),
    dense({ units: 32, activation: "tanh" }),
    dense({ units: 1, activation: "sigmoid" }),
  ],
});
model.compile({ optimizer: adam({ learningRate: 0.01 }), loss: "binaryCrossentropy", metrics: ["accuracy"] });

const points = x.dataSync();
const classes = y.dataSync();
const coordinates = Array.from({ length: grid }, (_, i) => reach * ((2 * i) / (grid - 1) - 1));
const places = tensor(
  coordinates.flatMap((vertical) => coordinates.map((horizontal) => [horizontal, -vertical])),
);

const losses: number[] = [];
const panels: string[] = [];
for (const steps of shownAfter) {
  while (losses.length < steps) losses.push(model.trainOnBatch(x, y).loss);
  panels.push(drawPlane(panels.length * (panel + gap), steps));
}
writeFileSync(new URL("learning.svg", import.meta.url), picture([...panels, drawLosses()]));

/** What the network says about the plane. */
function drawPlane(left: number, steps: number): string {
  const probabilities = Array.from(model.predict(places).dataSync());
  const opposites = probabilities.map((p) => 1 - p);
  const bands = [0.5, 0.7, 0.9].flatMap((level) => [
    `<path class="one" d="${outlines(probabilities, grid, level).map(closedPath).join("")}"/>`,
    `<path class="zero" d="${outlines(opposites, grid, level).map(closedPath).join("")}"/>`,
  ]);
  const accuracy = Math.round(100 * model.testOnBatch(x, y).accuracy);
  return `<g transform="translate(${left} ${top})">
<text y="-8">after ${steps} steps: ${accuracy} % right</text>
<g clip-path="url(#plane)"><g class="bands">${bands.join("")}</g><use href="#points"/></g>
</g>`;
}

/** The points that the network learns from. */
function drawPoints(): string {
  const circles = Array.from(classes, (label, i) => {
    const [across, down] = [points[2 * i], -points[2 * i + 1]].map((c) =>
      rounded((panel * (c / reach + 1)) / 2),
    );
    return `<circle class="${label === 1 ? "one" : "zero"}" cx="${across}" cy="${down}" r="2.6"/>`;
  });
  return `<g id="points">${circles.join("")}</g>`;
}

/** The loss over the steps, both logarithmic. */
function drawLosses(): string {
  const left = shownAfter.length * (panel + gap);
  const [low, high] = [Math.min(...losses), Math.max(...losses)].map(Math.log10);
  const across = (step: number): number => (panel * Math.log10(step)) / Math.log10(losses.length);
  const down = (loss: number): number => (panel * (high - Math.log10(loss))) / (high - low);
  const line = losses.map((loss, i) => `${rounded(across(i + 1))} ${rounded(down(loss))}`).filter(isNew);
  const ticks = shownAfter.map((steps) => {
    const at = `cx="${rounded(across(steps))}" cy="${rounded(down(losses[steps - 1]))}"`;
    return `<circle class="mark" ${at} r="3"/>`;
  });
  const [first, last] = [losses[0], losses[losses.length - 1]].map((loss) => loss.toPrecision(2));
  return `<g transform="translate(${left} ${top})">
<text y="-8">the loss: ${first} → ${last}</text>
<path class="axes" d="M0 0V${panel}H${panel}"/>
<path class="curve" d="M${line.join("L")}"/>${ticks.join("")}
</g>`;
}

function picture(parts: readonly string[]): string {
  const width = parts.length * (panel + gap) - gap + 4;
  const height = top + panel + 6;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">
<title>A network of two hidden layers learns to tell two spirals apart</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.zero { fill: #e8772e; } .one { fill: #2f7fd6; }
.bands path { opacity: 0.22; }
circle { stroke: #ffffff; stroke-width: 0.8; }
.axes, .curve { fill: none; stroke: #8c959f; } .curve { stroke: #2f7fd6; stroke-width: 1.8; } .mark { fill: #2f7fd6; }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } circle { stroke: #0d1117; } .bands path { opacity: 0.3; } }
</style>
<defs><clipPath id="plane"><rect width="${panel}" height="${panel}" rx="6"/></clipPath>${drawPoints()}</defs>
${parts.join("\n")}
</svg>
`;
}

function closedPath(line: readonly Position[]): string {
  const scale = panel / (grid - 1);
  return `M${line.map(([column, row]) => `${rounded(scale * column)} ${rounded(scale * row)}`).join("L")}Z`;
}

/** Leaves out places that a line of this width cannot show apart. */
function isNew(place: string, i: number, all: readonly string[]): boolean {
  return i === 0 || Number.parseFloat(place) > Number.parseFloat(all[i - 1]);
}

function rounded(value: number): number {
  return Math.round(10 * value) / 10;
}
