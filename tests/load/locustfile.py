"""Annotators who re-send the same pictures: `locust -f tests/load/locustfile.py --headless -u 8 -t 30s --host URL`.

Hits and misses are rows of their own in locust's table. The last line holds the hit ratio against its ceiling: what a
cache that forgets nothing would have reached on the requests that were made. The same `--seed` sends the same pictures.
"""

import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from itertools import count

from locust import FastHttpUser, between, events, task
from locust.env import Environment

from tests.load.project_pictures import jpeg
from tests.load.walk import BURST, Visit, project

PICTURES = 100
"""In one project. When it is done, everybody goes on to the next."""

outcomes: Counter[str] = Counter()
seen: set[int] = set()


def projects(seed: int) -> Iterator[tuple[int, Visit]]:
    """Number of a picture, and a visit to it."""
    for number in count(seed):
        for visit in project(BURST, PICTURES, number):
            yield number * PICTURES + visit.picture, visit


class Annotator(FastHttpUser):
    visits: Iterator[tuple[int, Visit]]
    wait_time = between(0.1, 0.5)

    @task
    def annotate(self) -> None:
        picture, visit = next(self.visits)
        image = jpeg(picture, reencoded=visit.reencoded)
        for _ in range(visit.requests):
            if self.ask(image):
                seen.add(picture)
            self.wait()

    def ask(self, image: bytes) -> bool:
        """Whether an answer came."""
        with self.client.post(
            "/v1/mask", data=image, headers={"content-type": "image/jpeg"}, catch_response=True
        ) as answer:
            outcome = "hit" if "; hit" in answer.headers.get("cache-status", "") else "miss"
            answer.request_meta["name"] = f"/v1/mask, {outcome}"
            outcomes[outcome] += answer.status_code == 200
        return bool(answer.status_code == 200)


@events.init_command_line_parser.add_listener
def offer_seed(parser: ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=time.time_ns(), help="first project; a new one, if none is named")


@events.test_start.add_listener
def begin(environment: Environment, **_: object) -> None:
    Annotator.visits = projects(environment.parsed_options.seed)


@events.quitting.add_listener
def summarise(environment: Environment, **_: object) -> None:
    if asked := outcomes.total():
        ratio, ceiling = outcomes["hit"] / asked, 1 - len(seen) / asked
        print(f"{asked} answers, hit ratio {ratio:.3f}, ceiling {ceiling:.3f}, seed {environment.parsed_options.seed}")
