"""Images and what is said about them: decoding, shapes, labels, predictions, annotations. Pure."""
