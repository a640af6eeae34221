// Lecture 4, "Neural Network models": a network learns the digits 0 to 4; its head is removed, its body kept as it is, and a
// new head learns 5 to 9 from ten examples each. An image lies at a random place of a field of 12 × 12 pixels. The body learns
// 40 signs, the five digits in 8 turns, mirrored ones included; with turns = 1 only the digits. With places = 25 each of the
// few examples is seen at 25 places, as augmentation of the data would show it. Five runs take some minutes.
//
//     npx tsx examples/transfer.ts [runs = 5] [turns = 8] [places = 1]
import {
  concatenate,
  dynamicUpdateSlice,
  flip,
  mean,
  random,
  std,
  type Tensor,
  tensor,
  transpose,
  vmap,
  zeros,
} from "neurite";
import { digits, takeRows } from "neurite/data";
import { conv2d, dense, dropout, flatten, type Layer, maxPool2d } from "neurite/nn";
import { adam } from "neurite/optim";
import { Sequential } from "neurite/train";

const given = process.argv.slice(2).map(Number);
/** The body sees each of its images `views` times in all, whatever the number of turns. */
const [runs = 5, turns = 8, places = 1, views = 32, bodyEpochs = 4, epochs = 60] = given;
const { images, labels } = await digits();
const digitOf = labels.dataSync();

const putDown = vmap((image: Tensor, corner: Tensor) =>
  dynamicUpdateSlice(zeros([12, 12, 1]), image, corner),
);

/** Images of these rows, each at so many random places, with the number of the sign. */
function placed(key: Tensor, rows: number[], places: number, turn = 0): [x: Tensor, y: Tensor] {
  const repeated = Array.from({ length: places }, () => rows).flat();
  let x = takeRows(images, repeated);
  if (turn & 1) x = flip(x, 1);
  if (turn & 2) x = flip(x, 2);
  if (turn & 4) x = transpose(x, [0, 2, 1, 3]);
  const count = repeated.length;
  const corners = concatenate([random.randint(key, [count, 2], 0, 5), zeros([count, 1], "i32")], 1);
  const signs = repeated.map((row) => (digitOf[row] % 5) + 5 * turn);
  return [putDown(x, corners), tensor(signs, { dtype: "i32" })];
}

function body(): Layer[] {
  const conv = (filters: number, first: { inputShape?: number[] } = {}): Layer =>
    conv2d({ filters, kernelSize: 3, padding: "same", activation: "relu", ...first });
  const pool = maxPool2d({ poolSize: 2 });
  const lower = [conv(32, { inputShape: [12, 12, 1] }), conv(32), pool];
  return [...lower, conv(64), conv(64), pool, flatten(), dropout({ rate: 0.5 })];
}

function network(seed: number, layers: Layer[], classes: number, learningRate: number): Sequential {
  const head = dense({ units: classes, activation: "softmax", name: "head" });
  const model = new Sequential({ seed, layers: [...layers, head] });
  const optimizer = adam({ learningRate });
  model.compile({ optimizer, loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}

const ways = ["from scratch", "fine-tuned", "body frozen"] as const;
const rates = [0.0003, 0.001, 0.003, 0.01];
const scores: { way: string; rate: number; chosen: number; tested: number }[] = [];
for (let run = 0; run < runs; run++) {
  const [orderKey, fewKey, chosenKey, testedKey, ...turnKeys] = random.split(random.key(run), 4 + turns);
  const order = [...random.permutation(orderKey, digitOf.length).dataSync()];
  const rowsOf = (digit: number): number[] => order.filter((row) => digitOf[row] === digit);

  const oldRows = [0, 1, 2, 3, 4].flatMap(rowsOf);
  const signs = turnKeys.map((key, turn) => placed(key, oldRows, views / turns, turn));
  const source = network(run, body(), 5 * turns, 0.001);
  const [x, y] = [0, 1].map((part) => concatenate(signs.map((sign) => sign[part])));
  await source.fit(x, y, { epochs: bodyEpochs, verbose: 0 });

  const newRows = [5, 6, 7, 8, 9].map(rowsOf);
  const fewRows = newRows.flatMap((rows) => rows.slice(0, 10));
  const few = placed(fewKey, fewRows, places);
  const others = newRows.flatMap((rows) => rows.slice(10));
  // Half of the other images chooses the learning rate of each way, the other half is what counts.
  const half = (parity: number): number[] => others.filter((_, i) => i % 2 === parity);
  const [chosen, tested] = [placed(chosenKey, half(0), 1), placed(testedKey, half(1), 1)];
  for (const way of ways) {
    for (const rate of rates) {
      const layers = way === "from scratch" ? body() : [source.features().asLayer("body")];
      const model = network(runs + run, layers, 5, rate);
      if (way === "body frozen") model.freeze("body");
      await model.fit(...few, { epochs: Math.ceil(epochs / places), batchSize: 10, verbose: 0 });
      const [first, second] = [await model.evaluate(...chosen), await model.evaluate(...tested)];
      scores.push({ way, rate, chosen: first.accuracy, tested: second.accuracy });
    }
  }
  console.log(`run ${run + 1} of ${runs}`);
}

console.log("way           learning rate  accuracy on 5 to 9 (mean and standard deviation of the runs)");
for (const way of ways) {
  const byRate = rates.map((rate) => scores.filter((score) => score.way === way && score.rate === rate));
  const quality = byRate.map((some) => mean(tensor(some.map(({ chosen }) => chosen))).item());
  const best = quality.indexOf(Math.max(...quality));
  const accuracies = tensor(byRate[best].map(({ tested }) => 100 * tested));
  const spread = runs > 1 ? std(accuracies, { correction: 1 }).item() : 0;
  const figures = `${mean(accuracies).item().toFixed(1)} % ± ${spread.toFixed(1)}`;
  console.log(way.padEnd(13), String(rates[best]).padEnd(14), figures);
}
