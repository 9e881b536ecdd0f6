"""`python -m model_serving.torchserve.ready` succeeds once a worker can take an image; /ping speaks too early."""

import json
import sys
import urllib.error
import urllib.request

# Without it a proxy named in the environment would be asked for this machine's own ports.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_ready(management: str = "http://127.0.0.1:8081") -> bool:
    """Whether a worker of the model is READY, as the management address describes it, and does not refuse its archive.

    A server that is away is not ready.
    """
    try:
        with _direct.open(f"{management}/models/inspyrenet", timeout=5) as answer:
            versions = json.load(answer)
    except (OSError, ValueError):
        return False
    ready = any(worker["status"] == "READY" for version in versions for worker in version["workers"])
    return ready and not _refuses(management)


def _refuses(management: str) -> bool:
    """The question reaches the handler as a request without an image. One too busy to answer does not refuse."""
    try:
        _direct.open(f"{management}/models/inspyrenet?customized=true", timeout=2).close()
    except urllib.error.HTTPError as answer:
        with answer:
            return b"model_refused" in answer.read()
    except OSError:
        pass
    return False


if __name__ == "__main__":
    sys.exit(not is_ready(*sys.argv[1:2]))
