"""What can be wrong with a model file, and with what a model answers."""

from relens.kit.errors import Invalid, TooLarge, Unavailable


class NotAModel(Invalid):
    """The bytes are no ONNX model, or only a part of one."""


class ModelTooLarge(TooLarge):
    """The file is over the limit."""


class ExternalData(Invalid):
    """The model wants to read files outside itself."""


class CannotBeServed(Invalid):
    """A sound ONNX model, but not one that takes an image and answers in a way some reader understands."""


class BrokenModel(Unavailable):
    """A loaded model failed on an image, or answered with numbers that are none; nothing was made of them.

    `kind` is what many such failures share, in two or three words: the log keeps it.
    """

    def __init__(self, sentence: str, kind: str = "model failed", **facts: object) -> None:
        super().__init__(sentence, retry_after_s=30.0, **facts)
        self.kind = kind
