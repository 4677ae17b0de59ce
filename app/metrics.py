"""What Prometheus reads: one registry for a process, and the figures that more than one module counts."""

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
PlatformCollector(registry=REGISTRY)

REQUESTS = Counter(
    "concord_requests_total", "Answers of the API.", ["method", "route", "status"], registry=REGISTRY
)
REQUEST_SECONDS = Histogram(
    "concord_request_seconds",
    "Time from a request to the end of its answer.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
    registry=REGISTRY,
)
JOBS = Counter("concord_jobs_total", "Jobs done.", ["job", "outcome"], registry=REGISTRY)
JOB_SECONDS = Histogram("concord_job_seconds", "Time a job took.", ["job"], registry=REGISTRY)
GRAPH_CALLS = Counter(
    "concord_graph_calls_total",
    "Requests to Microsoft Graph, items of a batch counted each.",
    ["method", "status"],
    registry=REGISTRY,
)
GRAPH_SECONDS = Histogram(
    "concord_graph_seconds", "Time Microsoft Graph took to answer.", ["method"], registry=REGISTRY
)
DELIVERIES = Counter(
    "concord_deliveries_total", "Attempts to deliver changes to webhooks.", ["outcome"], registry=REGISTRY
)
NOTIFICATIONS = Counter(
    "concord_notifications_total", "Notifications from Microsoft Graph.", ["outcome"], registry=REGISTRY
)
DUE = Gauge("concord_due", "Work that the last sweep found due.", ["kind"], registry=REGISTRY)


def exposition() -> tuple[bytes, str]:
    """Return everything counted so far, and the content type of that text."""
    return generate_latest(REGISTRY), CONTENT_TYPE_LATEST
