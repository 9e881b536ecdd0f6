import inspect

from proxy import errors
from proxy.errors import RematteError


def tree(kind: type[RematteError]) -> list[type[RematteError]]:
    return [kind, *(leaf for child in kind.__subclasses__() for leaf in tree(child))]


def test_the_tree_in_the_docstring_is_the_tree():
    drawn = {word for word in (inspect.getdoc(errors) or "").replace("├", " ").split() if word.isidentifier()}
    assert {kind.__name__ for kind in tree(RematteError)} <= drawn


def test_every_kind_of_problem_is_its_own():
    kinds = [error.kind for error in tree(RematteError) if "kind" in vars(error)]
    assert len(kinds) == len(set(kinds))


def test_what_may_go_away_by_itself_says_when_to_come_back():
    for error in tree(RematteError):
        assert (error.retry_after_s is not None) == (error.status == 503), error
