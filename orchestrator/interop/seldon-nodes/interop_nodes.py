"""Nodes for Seldon's wrapper, one class for each role. All add to numbers, so that an answer tells its way."""

import numpy as np
from seldon_core.flask_utils import SeldonMicroserviceException


class Model:
    """Adds one; tells its name in tags, one metric of each kind, and refuses a negative number in its own words."""

    def __init__(self, name="model"):
        self.name = name
        self.rewards = 0.0

    def predict(self, X, names=None, meta=None):
        if isinstance(X, (str, bytes, dict)):
            return X
        if np.any(np.array(X) < 0):
            raise Refused("a number is negative")
        return np.array(X) + 1

    def tags(self):
        return {self.name: "yes", "last": self.name}

    def metrics(self):
        key = self.name.replace("-", "_")
        return [
            {"type": "COUNTER", "key": key + "_counter", "value": 1},
            {"type": "GAUGE", "key": key + "_gauge", "value": 100},
            {"type": "TIMER", "key": key + "_timer", "value": 20.2},
        ]

    def send_feedback(self, features, names, reward, truth, routing=None):
        self.rewards += reward
        return [self.rewards]

    def init_metadata(self):
        return {
            "name": self.name,
            "versions": [self.name + ":1"],
            "platform": "interop",
            "inputs": [{"messagetype": "tensor", "schema": {"names": [self.name], "shape": [1, 3]}}],
            "outputs": [{"messagetype": "tensor", "schema": {"shape": [1, 3]}}],
        }


class Refused(SeldonMicroserviceException):
    status_code = 400

    def __init__(self, message):
        super().__init__(message, status_code=400, reason="REFUSED")


class Router:
    """Sends on to the branch that the first number names."""

    def route(self, X, names=None):
        return int(np.array(X).flatten()[0])

    def send_feedback(self, features, names, reward, truth, routing=None):
        return []


class Transformer:
    """Ten times before, a hundred more after."""

    def transform_input(self, X, names=None, meta=None):
        return np.array(X) * 10

    def transform_output(self, X, names=None, meta=None):
        return np.array(X) + 100

    def tags(self):
        return {"transformer": "yes"}


class Combiner:
    """The sum of all its inputs."""

    def aggregate(self, Xs, names=None, metas=None):
        return np.sum([np.array(X) for X in Xs], axis=0)

    def tags(self):
        return {"combiner": "yes"}
