import { SIZES, type Protocol, type Size } from "./sizes.ts";

/** A REST request body of about the given size. */
export function restBody(protocol: Protocol, size: Size): Buffer {
  const json = (values: readonly number[]): string => {
    switch (protocol) {
      case "seldon":
        return JSON.stringify({ data: { ndarray: [values] } });
      case "v2":
        return JSON.stringify({
          inputs: [{ name: "x", shape: [1, values.length], datatype: "FP64", data: values }],
        });
      case "tensorflow":
        return JSON.stringify({ instances: [values] });
    }
  };
  const values: number[] = [1.5];
  const one = json([0.123456, 0.123456]).length - json([0.123456]).length;
  const room = SIZES[size] - json(values).length;
  for (let i = 0; i < Math.floor(room / one); i += 1) values.push(((i * 7919) % 900_000) / 1e6 + 0.100001);
  return Buffer.from(json(values));
}

/** An encoded gRPC request of about the given size: the payload is one field of bytes. */
export function grpcMessage(protocol: Protocol, size: Size): Buffer {
  const payload = Buffer.alloc(SIZES[size], "x");
  switch (protocol) {
    case "seldon":
      return field(4, payload);
    case "v2":
      return Buffer.concat([field(1, Buffer.from("m0")), field(7, payload)]);
    case "tensorflow":
      return Buffer.concat([
        field(1, field(1, Buffer.from("m0"))),
        field(2, Buffer.concat([field(1, Buffer.from("x")), field(2, field(4, payload))])),
      ]);
  }
}

/** One length-delimited field of a protobuf message. */
export function field(number: number, bytes: Buffer): Buffer {
  const head = [(number << 3) | 2];
  let length = bytes.length;
  for (; length > 127; length >>>= 7) head.push((length & 127) | 128);
  head.push(length);
  return Buffer.concat([Buffer.from(head), bytes]);
}

/** Where a prediction is posted: at the orchestrator, and at a node. */
export function restPaths(protocol: Protocol): { readonly graph: string; readonly node: string } {
  switch (protocol) {
    case "seldon":
      return { graph: "/api/v1.0/predictions", node: "/predict" };
    case "v2":
      return { graph: "/v2/models/m0/infer", node: "/v2/models/m0/infer" };
    case "tensorflow":
      return { graph: "/v1/models/m0/:predict", node: "/v1/models/m0:predict" };
  }
}

export function grpcPaths(protocol: Protocol): { readonly graph: string; readonly node: string } {
  switch (protocol) {
    case "seldon":
      return { graph: "/seldon.protos.Seldon/Predict", node: "/seldon.protos.Model/Predict" };
    case "v2":
      return {
        graph: "/inference.GRPCInferenceService/ModelInfer",
        node: "/inference.GRPCInferenceService/ModelInfer",
      };
    case "tensorflow":
      return {
        graph: "/tensorflow.serving.PredictionService/Predict",
        node: "/tensorflow.serving.PredictionService/Predict",
      };
  }
}
