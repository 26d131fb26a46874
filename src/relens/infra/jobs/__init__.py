"""Durable jobs: long work that survives a crash, resumes at the last finished step, shows progress and can be cancelled."""

from relens.infra.jobs.job import Cancelled, Job, JobRun, Stopping
from relens.infra.jobs.table import Jobs

__all__ = ["Cancelled", "Job", "JobRun", "Jobs", "Stopping"]
