"""A sitting with figures made up."""

from benchmarks.hundred.entrant import Entrant
from benchmarks.hundred.sitting import Sitting
from benchmarks.hundred.usage import Usage


def sitting(batch: int = 1) -> Sitting:
    usage = Usage(cores=1.5, gpu=None, worker_peak_bytes=2**30, proxy_peak_bytes=2**27)
    stages = ({"network": 0.1, "decode": 0.02}, {"network": 0.2})
    return Sitting(Entrant("small", batch=batch), 1.0, 5.0, 0.2, (0.1, 0.25), stages, 0.3, usage)
