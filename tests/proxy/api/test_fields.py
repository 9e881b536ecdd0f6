from proxy.api.fields import fields_of


def test_fields_are_found_by_their_lower_case_names():
    assert fields_of({"headers": [(b"host", b"rematte"), (b"x-caf\xe9", b"\xe9")]}) == {
        "host": "rematte",
        "x-café": "é",
    }


def test_several_lines_of_one_name_are_one():
    lines = [(b"cache-control", b"no-cache"), (b"host", b"rematte"), (b"cache-control", b"no-store")]
    assert fields_of({"headers": lines})["cache-control"] == "no-cache, no-store"
