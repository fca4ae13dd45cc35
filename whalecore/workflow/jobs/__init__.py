"""Long work that runs in a process of its own, so that no closed page or dashboard ends it."""

from whalecore.workflow.jobs.ahead import Ahead, ahead_of
from whalecore.workflow.jobs.cancelling import cancel
from whalecore.workflow.jobs.listing import job, jobs, known, read_log, running_job
from whalecore.workflow.jobs.record import Job, Step
from whalecore.workflow.jobs.starting import start_job

__all__ = [
    "Ahead",
    "Job",
    "Step",
    "ahead_of",
    "cancel",
    "job",
    "jobs",
    "known",
    "read_log",
    "running_job",
    "start_job",
]
