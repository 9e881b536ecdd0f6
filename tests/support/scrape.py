"""What `/metrics` says, as a dictionary."""

from prometheus_client.parser import text_string_to_metric_families


class Scrape:
    """`scrape["rematte_lookups_total", "hit", "redis"]`: the labels' values, in the order of the labels' names."""

    def __init__(self, text: str) -> None:
        self.families = list(text_string_to_metric_families(text))
        self._values = {
            (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
            for family in self.families
            for sample in family.samples
        }

    def __getitem__(self, series: tuple[str, ...] | str) -> float:
        return self._values.get((series,) if isinstance(series, str) else series, 0.0)

    def sum(self, name: str, *values: str) -> float:
        """Over all the series of that name that have these values among their labels."""
        return sum(value for (own, *labels), value in self._values.items() if own == name and set(values) <= {*labels})

    @property
    def series(self) -> int:
        return len(self._values)
