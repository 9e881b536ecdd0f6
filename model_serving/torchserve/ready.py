"""`python -m model_serving.torchserve.ready` succeeds once a worker can take an image; /ping speaks too early."""

import json
import sys
import urllib.request

# Without it a proxy named in the environment would be asked for this machine's own ports.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_ready(management: str = "http://127.0.0.1:8081") -> bool:
    """Whether a worker of the model is READY, as the management address describes it; a server that is away is not."""
    try:
        with _direct.open(f"{management}/models/inspyrenet", timeout=5) as answer:
            versions = json.load(answer)
    except (OSError, ValueError):
        return False
    return any(worker["status"] == "READY" for version in versions for worker in version["workers"])


if __name__ == "__main__":
    sys.exit(not is_ready(*sys.argv[1:2]))
