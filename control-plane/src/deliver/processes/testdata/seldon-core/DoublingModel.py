"""A Seldon model in Python: answers twice its input."""


class DoublingModel:
    def predict(self, X, features_names=None, meta=None):
        return X * 2
