"""Two models for MLServer that need no library but NumPy, so that an answer tells its way."""

import numpy as np
from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceRequest, InferenceResponse


class _Arithmetic(MLModel):
    async def load(self) -> bool:
        return True

    def compute(self, values: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    async def predict(self, payload: InferenceRequest) -> InferenceResponse:
        outputs = [
            NumpyCodec.encode_output(one.name, self.compute(NumpyCodec.decode_input(one))) for one in payload.inputs
        ]
        return InferenceResponse(
            id=payload.id, model_name=self.name, model_version="v1", outputs=outputs
        )


class Double(_Arithmetic):
    def compute(self, values: np.ndarray) -> np.ndarray:
        return values * 2


class PlusOne(_Arithmetic):
    def compute(self, values: np.ndarray) -> np.ndarray:
        return values + 1
