"""Models and their immutable versions, each an ONNX file that was tried before it was accepted."""
