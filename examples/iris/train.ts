// Trains the example's models and writes models/*.json. Run in this folder: node train.ts
import { writeFileSync } from "node:fs";
import { classifierOf, MODEL_KINDS, modelUrl, train } from "./models.ts";
import { measureAccuracy } from "./accuracy.ts";
import { readSamples, splitSamples } from "./samples.ts";

const samples = splitSamples(readSamples());
for (const kind of MODEL_KINDS) {
  const model = train(kind, samples.train);
  writeFileSync(modelUrl(kind), `${JSON.stringify(model, null, 2)}\n`);
  const accuracy = measureAccuracy(classifierOf(model), samples.test);
  console.log(`${kind}: ${(accuracy * 100).toFixed(1)} % of ${samples.test.length} unseen flowers right`);
}
