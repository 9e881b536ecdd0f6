"""Pictures from elsewhere: whatever URL a caller names, this server goes only where it may."""

from proxy.fetching.allowed import Allowed
from proxy.fetching.fetcher import Fetcher
from proxy.fetching.guard import Guard
from proxy.fetching.names import Resolver
from proxy.fetching.task_images import TaskImages

__all__ = ["Allowed", "Fetcher", "Guard", "Resolver", "TaskImages"]
