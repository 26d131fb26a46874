"""Numbers about the server itself, for Prometheus; labels are bounded by the number of deployments."""

from prometheus_client import Counter, Histogram

ANSWERS = Histogram(
    "relens_answer_seconds",
    "Time from the image's bytes to its detections, by deployment and role.",
    ["deployment", "role"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REFUSALS = Counter(
    "relens_refusals_total",
    "Images that were not answered, or not seen by a shadow, by deployment and reason.",
    ["deployment", "reason"],
)
