from proxy.api.openapi_examples import failures, shape_of, told


def test_an_example_tells_its_shape():
    assert shape_of({"a": [{"b": 1}], "c": 1.5, "d": None, "e": True}) == {
        "type": "object",
        "properties": {
            "a": {"type": "array", "items": {"type": "object", "properties": {"b": {"type": "integer"}}}},
            "c": {"type": "number"},
            "d": {"type": "null"},
            "e": {"type": "boolean"},
        },
    }


def test_an_answer_has_shape_and_example():
    content = told("Words.", {"id": "x"})["content"]["application/json"]
    assert content == {"schema": shape_of({"id": "x"}), "example": {"id": "x"}}


def test_failures_are_told_by_status_and_those_that_pass_say_when():
    told_of = failures((400, 503), lambda status: {"code": status})
    assert [answer["content"]["application/json"]["example"] for answer in told_of.values()] == [
        {"code": 400},
        {"code": 503},
    ]
    assert "headers" not in told_of[400]
    assert [*told_of[503]["headers"]] == ["Retry-After"]
