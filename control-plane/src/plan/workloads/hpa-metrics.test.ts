import assert from "node:assert/strict";
import { test } from "node:test";
import { convertMetric } from "./hpa-metrics.ts";

test("of two targets the average per pod is kept: autoscaling/v2 takes one", () => {
  const target = { kind: "Service", name: "queue" };
  const object = { type: "Object", object: { target, metricName: "length", targetValue: "5", averageValue: "2" } };
  assert.deepEqual(convertMetric(object), {
    type: "Object",
    object: {
      describedObject: target,
      metric: { name: "length" },
      target: { type: "AverageValue", averageValue: "2" },
    },
  });
});

test("a metric in the words of autoscaling/v2 stays, and so does one of another kind", () => {
  const metrics = [
    { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
    { type: "Pods", pods: { metric: { name: "requests" }, target: { type: "AverageValue", averageValue: "1" } } },
    { type: "External", external: { metric: { name: "backlog" }, target: { type: "Value", value: "1" } } },
    { type: "Resource" },
    { type: "Unheard" },
  ];
  assert.deepEqual(metrics.map(convertMetric), metrics);
});
