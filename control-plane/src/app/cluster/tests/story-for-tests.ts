import { resourceOf, type TestPredictor } from "../../../deliver/rollout/manifests-for-tests.ts";

/** One edit of a SeldonDeployment; without a spec it is deleted. */
export interface Chapter {
  readonly title: string;
  readonly spec: object | undefined;
}

function specOf(predictors: readonly Partial<TestPredictor>[]): object {
  const whole = predictors.map((one) => ({
    name: "main",
    container: "classifier",
    image: "model:1",
    weight: 100,
    ...one,
  }));
  return resourceOf({ predictors: whole })["spec"] as object;
}

const CANARY = { name: "canary", image: "model:2", hpa: true };

/** What users do with a canary, one edit after the other. */
export const STORY: readonly Chapter[] = [
  { title: "create", spec: specOf([{}]) },
  { title: "add a canary", spec: specOf([{ weight: 75 }, { ...CANARY, weight: 25 }]) },
  { title: "change weights", spec: specOf([{ weight: 40 }, { ...CANARY, weight: 60 }]) },
  {
    title: "change an image",
    spec: specOf([
      { weight: 40, image: "model:3" },
      { ...CANARY, weight: 60 },
    ]),
  },
  {
    title: "rename the canary",
    spec: specOf([
      { weight: 40, image: "model:3" },
      { ...CANARY, name: "candidate", weight: 60 },
    ]),
  },
  {
    title: "make it a shadow",
    spec: specOf([{ image: "model:3" }, { ...CANARY, name: "candidate", weight: 0, shadow: 50 }]),
  },
  { title: "remove it", spec: specOf([{ image: "model:3", pdb: true }]) },
  { title: "delete", spec: undefined },
];
