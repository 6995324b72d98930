"""Calls an orchestrator with Triton's client; one JSON line per answer. Arguments: http, http-json or grpc, host:port, model.

http sends binary tensors, the client's default; http-json lists of numbers, for servers that read no other."""

import json
import sys

import numpy as np

mode, endpoint, model = sys.argv[1:4]
transport = mode.split("-")[0]
is_binary = mode != "http-json"
if transport == "http":
    import tritonclient.http as triton
else:
    import tritonclient.grpc as triton


def tell(what, answer):
    print(json.dumps({"what": what, "answer": answer}), flush=True)


client = triton.InferenceServerClient(url=endpoint)
tell("server live", client.is_server_live())
tell("server ready", client.is_server_ready())
tell("model ready", client.is_model_ready(model))
as_json = {} if transport == "http" else {"as_json": True}
tell("model metadata", client.get_model_metadata(model, **as_json))
tell("server metadata", client.get_server_metadata(**as_json))

values = np.array([[1.5, 2.5]], dtype=np.float32)


def infer(dtype="FP32", given=values, **more):
    tensor = triton.InferInput("x", list(given.shape), dtype)
    if transport == "http":
        tensor.set_data_from_numpy(given, binary_data=is_binary)
        outputs = [triton.InferRequestedOutput("x", binary_data=is_binary)]
    else:
        tensor.set_data_from_numpy(given)
        outputs = None
    return client.infer(model, [tensor], outputs=outputs, **more)


tell("infer", infer().as_numpy("x").tolist())
if transport == "http":
    tell("gzip", infer(request_compression_algorithm="gzip").as_numpy("x").tolist())
    tell("gzip answer", infer(response_compression_algorithm="gzip").as_numpy("x").tolist())
large = np.array([[9007199254740993, 4]], dtype=np.int64)
# As text: JSON's readers hold no more than 53 bits.
tell("int64", [[str(one) for one in row] for row in infer("INT64", large).as_numpy("x").tolist()])
answer = infer(request_id="my-id")
tell("id", answer.get_response().get("id") if transport == "http" else answer.get_response().id)

if transport == "grpc":
    import queue

    answers = queue.Queue()
    client.start_stream(callback=lambda result, error: answers.put((result, error)))
    for i in range(3):
        tensor = triton.InferInput("x", [1, 2], "FP32")
        tensor.set_data_from_numpy(values + i)
        client.async_stream_infer(model, [tensor])
    streamed = []
    for _ in range(3):
        result, error = answers.get(timeout=10)
        streamed.append(str(error) if error is not None else result.as_numpy("x").tolist())
    client.stop_stream()
    tell("stream", streamed)
