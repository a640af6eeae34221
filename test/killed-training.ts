// A training that may be killed at any moment and started again: `node killed-training.mjs <folder>`. It prints "begun" when
// it learns, and a checksum of all that it ended with.
import { createHash } from "node:crypto";
import { random } from "../src/index.ts";
import { batchNormalization, dense, dropout } from "../src/nn/index.ts";
import { adam } from "../src/optim/index.ts";
import { earlyStopping, reduceLearningRateOnPlateau, Sequential } from "../src/train/index.ts";

const [folder] = process.argv.slice(2);
const x = random.normal(random.key(1), [300, 8]);
const y = random.randint(random.key(2), [300], 0, 4);
const model = new Sequential({ seed: 7 });
model.add(dense({ units: 16, activation: "relu", inputShape: [8], name: "hidden" }));
model.add(batchNormalization());
model.add(dropout({ rate: 0.2 }));
model.add(dense({ units: 4, activation: "softmax", name: "output" }));
model.compile({ optimizer: adam(), loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
const history = await model.fit(x, y, {
  epochs: 12,
  batchSize: 16,
  validationSplit: 0.2,
  verbose: 0,
  checkpoint: { path: `${folder}/run`, every: 2 },
  callbacks: [
    { onTrainBegin: () => console.log("begun") },
    earlyStopping({ patience: 9, restoreBestWeights: true }),
    reduceLearningRateOnPlateau({ patience: 1, factor: 0.7 }),
  ],
});
const hash = createHash("sha256").update(JSON.stringify(history)).update(String(model.learningRate));
for (const [path, weights] of Object.entries(model.getWeights()))
  hash.update(path).update(weights.dataSync());
console.log(`bits ${hash.digest("hex")}`);
