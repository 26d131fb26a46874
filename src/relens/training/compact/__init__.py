"""A small network of our own for detection and classification, trained on a CPU in minutes.

It is a program (`python -m relens.training.compact RUN_DIR`), not a library: files in, files out, lines on stdout.
Torch is imported in this folder and nowhere else, so that everything but a training run starts without it.
"""
