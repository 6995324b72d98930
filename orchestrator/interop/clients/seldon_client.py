"""Calls an orchestrator with Seldon's own client; one JSON line per answer. Arguments: host:port, rest or grpc."""

import json
import sys

import numpy as np
from seldon_core.proto.prediction_pb2 import DefaultData, SeldonMessage, Tensor
from seldon_core.seldon_client import SeldonClient

endpoint, transport = sys.argv[1], sys.argv[2]
client = SeldonClient(
    deployment_name="iris",
    namespace="default",
    gateway="seldon",
    gateway_endpoint=endpoint,
    transport=transport,
    client_return_type="dict",
)


def tell(what, answer):
    print(json.dumps({"what": what, "success": answer.success, "msg": answer.msg, "response": answer.response}))


data = np.array([[1.0, 2.0, 3.0]])
tell("tensor", client.predict(data=data, payload_type="tensor", names=["a", "b", "c"]))
tell("ndarray", client.predict(data=data, payload_type="ndarray"))
tell("strData", client.predict(str_data="a text"))
tell("binData", client.predict(bin_data=b"some bytes"))
tell("jsonData", client.predict(json_data={"a": [1, None, {"b": True}]}))
refused = client.predict(data=-data, payload_type="tensor")
print(json.dumps({"what": "refused", "success": refused.success, "msg": refused.msg}))

# Feedback takes messages, not dictionaries.
typed = SeldonClient(
    gateway="seldon", gateway_endpoint=endpoint, transport=transport, client_return_type="proto"
)
asked = SeldonMessage(data=DefaultData(tensor=Tensor(shape=[1, 3], values=[1.0, 2.0, 3.0])))
answered = client.predict(raw_data={"data": {"tensor": {"shape": [1, 3], "values": [1.0, 2.0, 3.0]}}})
fed = typed.feedback(prediction_request=asked, prediction_response=asked, reward=1.0)
print(json.dumps({"what": "feedback", "success": fed.success, "msg": fed.msg, "raw": answered.success}))
