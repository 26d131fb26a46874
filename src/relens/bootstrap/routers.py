"""Every room's routes: those that are asked many hundred times a second first, for the way to a route leads past all before it; then by floors."""

from fastapi import APIRouter

from relens.access.routes import router as access
from relens.alerts.alert_routes import router as alerts
from relens.alerts.channel_routes import router as channels
from relens.alerts.routes import router as alert_rules
from relens.alerts.stop_routes import router as planned_stops
from relens.assets.routes import router as assets
from relens.datasets.diff_routes import router as dataset_diffs
from relens.datasets.routes import router as datasets
from relens.deployments.change_routes import router as deployment_changes
from relens.deployments.keeping_routes import router as keeping
from relens.deployments.put_away_routes import router as put_away
from relens.deployments.routes import router as deployments
from relens.infra.jobs.routes import router as jobs
from relens.loop.dataset_routes import router as dataset_changes
from relens.loop.effect_routes import router as effects
from relens.loop.replay_routes import router as replays
from relens.loop.routes import router as loop
from relens.loop.training_routes import router as continuous_training
from relens.monitoring.apart_routes import router as apart
from relens.monitoring.curve_routes import router as curves
from relens.monitoring.drift_routes import router as drift
from relens.monitoring.estimate_routes import router as estimates
from relens.monitoring.rebuild_routes import router as rebuild
from relens.monitoring.routes import router as monitoring
from relens.monitoring.threshold_routes import router as thresholds
from relens.monitoring.training_data_routes import router as training_data
from relens.overview.routes import router as overview
from relens.overview.source_routes import router as sources
from relens.predictions.beside_routes import router as beside
from relens.predictions.elsewhere_routes import router as elsewhere
from relens.predictions.erase_routes import router as erase
from relens.predictions.export_routes import router as exports
from relens.predictions.retention.routes import router as retention
from relens.predictions.routes import router as predictions
from relens.predictions.search_routes import router as search
from relens.predictions.writers.routes import router as writers
from relens.registry.checkpoint_routes import router as checkpoints
from relens.registry.manifest_routes import router as manifests
from relens.registry.reader_routes import router as readers
from relens.registry.routes import router as registry
from relens.review.bulk_routes import router as bulk_reviews
from relens.review.count_routes import router as review_counts
from relens.review.question_routes import router as questions
from relens.review.queue_routes import router as review_queue
from relens.review.routes import router as review
from relens.review.team_routes import router as review_team
from relens.review.travel_routes import router as review_travel
from relens.server.back_up_routes import router as back_ups
from relens.serving.many_routes import router as many
from relens.serving.protocols.routes import router as open_inference
from relens.serving.routes import router as serving
from relens.serving.try_routes import router as try_out
from relens.training.routes import router as training

ROUTERS: tuple[APIRouter, ...] = (
    serving,
    open_inference,
    elsewhere,
    access,
    jobs,
    assets,
    dataset_diffs,  # before the versions, whose references may hold slashes
    datasets,
    manifests,  # before the versions, whose references may hold slashes
    checkpoints,
    registry,
    readers,
    deployments,
    deployment_changes,
    put_away,
    keeping,
    many,
    try_out,
    predictions,
    search,
    beside,
    exports,
    retention,
    erase,
    writers,
    review,
    review_counts,
    review_queue,
    review_team,
    bulk_reviews,
    review_travel,
    questions,
    monitoring,
    apart,
    curves,
    drift,
    estimates,
    thresholds,
    training_data,
    rebuild,
    training,
    alert_rules,
    alerts,
    channels,
    planned_stops,
    loop,
    continuous_training,
    replays,
    effects,
    dataset_changes,
    overview,
    sources,
    back_ups,
)
