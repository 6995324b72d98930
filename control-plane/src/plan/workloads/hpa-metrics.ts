/** A metric of an autoscaler, in the words of some version of the API. */
export type Metric = Readonly<Record<string, unknown>>;

/**
 * A metric of autoscaling/v2beta1 in the words of autoscaling/v2 (Seldon 1.17.1 converts the same five kinds). What is in
 * the words of v2 already, or of no known kind, stays.
 */
export function convertMetric(metric: Metric): Metric {
  switch (metric["type"]) {
    case "Resource":
      return convertSource(metric, "resource", resourceSource);
    case "ContainerResource":
      return convertSource(metric, "containerResource", resourceSource);
    case "Pods":
      return convertSource(metric, "pods", podsSource);
    case "Object":
      return convertSource(metric, "object", objectSource);
    case "External":
      return convertSource(metric, "external", externalSource);
    default:
      return metric;
  }
}

function convertSource(metric: Metric, field: string, convert: (source: Metric) => Metric): Metric {
  const source = metric[field];
  if (!isMap(source) || "metric" in source) return metric;
  return { ...metric, [field]: convert(source) };
}

function isMap(value: unknown): value is Metric {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields that are there. */
function present(fields: Metric): Metric {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

function resourceSource(source: Metric): Metric {
  const { targetAverageUtilization, targetAverageValue, ...rest } = source;
  if (isMap(source["target"])) return source;
  const target =
    targetAverageUtilization === undefined
      ? { type: "AverageValue", averageValue: targetAverageValue }
      : { type: "Utilization", averageUtilization: targetAverageUtilization };
  return { ...rest, target: present(target) };
}

function podsSource({ metricName, selector, targetAverageValue }: Metric): Metric {
  return {
    metric: present({ name: metricName, selector }),
    target: present({ type: "AverageValue", averageValue: targetAverageValue }),
  };
}

/** The average per pod wins where both targets are given: autoscaling/v2 takes one. */
function oneTarget(value: unknown, averageValue: unknown): Metric {
  return averageValue === undefined
    ? present({ type: "Value", value })
    : present({ type: "AverageValue", averageValue });
}

function objectSource({ target, metricName, selector, targetValue, averageValue }: Metric): Metric {
  return {
    describedObject: target,
    metric: present({ name: metricName, selector }),
    target: oneTarget(targetValue, averageValue),
  };
}

function externalSource({ metricName, metricSelector, targetValue, targetAverageValue }: Metric): Metric {
  return {
    metric: present({ name: metricName, selector: metricSelector }),
    target: oneTarget(targetValue, targetAverageValue),
  };
}
