"""`/metrics`, for Prometheus to scrape."""

from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from proxy.api.service import service_of

router = APIRouter(tags=["health"])


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="What was counted and measured",
    response_class=PlainTextResponse,
    responses={
        200: {
            "description": "Prometheus' text format; OpenMetrics for whoever accepts that.",
            "content": {"text/plain": {"example": 'rematte_cache_results_total{result="hit"} 950.0\n'}},
        }
    },
)
def metrics(request: Request) -> Response:
    """Counters, gauges and histograms of this server since its start, over all its processes. Nothing in them tells of
    an image. docs/monitoring.md says what each one counts."""
    # Not `async`: it takes milliseconds, and hits are answered meanwhile.
    body, media_type = service_of(request).metrics.exposition(request.headers.get("accept", ""))
    return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})
