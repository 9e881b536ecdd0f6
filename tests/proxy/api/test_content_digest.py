import hashlib
from base64 import b64encode
from typing import Any

import http_sf
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.api.content_digest import announced_sha256
from proxy.api.fields import Fields, fields_of
from proxy.errors import BadUpload
from tests.proxy.api.house import House, house
from tests.proxy.api.test_predictions import CAT, DOG, JPEG, cache_status, send, stages
from tests.proxy.api.test_upload import Endless, kind
from tests.support.fakes import DictCache, FakeBackend, renders

SHA256 = hashlib.sha256(CAT).hexdigest()
IN_BASE64 = b64encode(hashlib.sha256(CAT).digest()).decode()
OF_CAT = f"sha-256=:{IN_BASE64}:"


def asked(*lines: str) -> Fields:
    return fields_of({"headers": [(b"content-digest", line.encode()) for line in lines]})


@pytest.mark.parametrize(
    "lines",
    [
        (OF_CAT,),
        (f"  sha-512=:AAAA:,\t{OF_CAT} ",),
        ("sha-256=:AAAA:", OF_CAT),
        (OF_CAT.replace("=:", ":").replace("sha-256:", "sha-256=:"),),
    ],
    ids=["alone", "among others", "the last of several", "without padding"],
)
def test_sha_256_is_read_out_of_the_field(lines: tuple[str, ...]):
    assert announced_sha256(asked(*lines)) == SHA256


@pytest.mark.parametrize("lines", [(), ("",), ("sha-512=:AAAA:",), ("md5=::, x*=:AA==:",)])
def test_other_algorithms_are_passed_over(lines: tuple[str, ...]):
    assert announced_sha256(asked(*lines)) is None


@pytest.mark.parametrize(
    "line",
    [
        SHA256,
        f"sha-256={SHA256}",
        f"sha-256={IN_BASE64}",
        f"SHA-256=:{IN_BASE64}:",
        f"{OF_CAT},",
        f"{OF_CAT} {OF_CAT}",
        "sha-256",
        "sha-256=::",
        "sha-256=:AAAA:",
        f"sha-256=:{IN_BASE64[:-2]}!=:",
        f"sha-256=:={IN_BASE64[:-1]}:",
        "sha-512=1",
        "é=:AAAA:",
    ],
)
def test_a_malformed_field_is_refused_and_told_how_it_should_look(line: str):
    with pytest.raises(BadUpload, match=r"`Content-Digest: sha-256=:[A-Za-z0-9+/=]{44}:`"):
        announced_sha256(asked(line))


@given(
    st.lists(
        st.one_of(
            st.sampled_from(["sha-256", "sha-512", "*a", "=", ":", "=:", ",", ", ", " ", "\t", "AAAA", "AA==", OF_CAT]),
            st.text("ab*-.:=, ", max_size=6),
        )
    ).map("".join)
)
def test_the_field_is_understood_as_structured_fields_are(field: str):
    """Against another implementation of RFC 8941; it must agree on whatever is read, and on whatever is refused."""
    try:
        members: dict[str, Any] = http_sf.parse(field.encode(), tltype="dictionary")
    except ValueError:
        members = {"malformed": ("", {})}
    well_formed = all(isinstance(value, bytes) and not parameters for value, parameters in members.values())
    digest, _ = members.get("sha-256", (None, {}))
    if well_formed and (digest is None or len(digest) == 32):
        assert announced_sha256(asked(field)) == (digest.hex() if digest else None)
    else:
        with pytest.raises(BadUpload):
            announced_sha256(asked(field))


async def announce(house: House, content: bytes | Endless = CAT, door: str = "mask", **more: str) -> httpx.Response:
    headers = JPEG | {"Content-Digest": OF_CAT} | {name.replace("_", "-"): value for name, value in more.items()}
    return await house.client.post(f"/v1/{door}", content=content, headers=headers)


@pytest.mark.parametrize("door", ["mask", "cutout"])
@pytest.mark.parametrize("directive", ["max-age=0", "no-store", "only-if-cached"])
async def test_a_known_image_is_answered_before_its_body_is_read(door: str, directive: str):
    content = Endless()
    async with house() as it:
        sent = await send(it, door)
        answer = await announce(it, content, door, Cache_Control=directive)
    assert content.taken == 0
    assert (answer.content, answer.headers["ETag"]) == (sent.content, sent.headers["ETag"])
    assert cache_status(answer)["detail"] == "rendered"
    assert stages(answer) == ["lookup"]


async def test_no_cache_is_never_answered_early():
    backend = FakeBackend()
    async with house(backend) as it:
        await send(it)
        answer = await announce(it, Cache_Control="no-cache")
    assert cache_status(answer) == {"fwd": "bypass", "stored": True}
    assert backend.images == [CAT, CAT]


async def test_an_unknown_image_is_read_and_kept_under_its_digest():
    async with house() as it:
        assert cache_status(await announce(it)) == {"fwd": "miss", "stored": True}
        assert (await it.client.get(f"/v1/masks/{SHA256}")).status_code == 200


async def test_a_cutout_of_which_only_the_mask_is_kept_needs_the_body():
    cache = DictCache()
    async with house(cache=cache) as it:
        await send(it, "mask")
        answer = await announce(it, door="cutout")
    assert cache_status(answer)["detail"] == "redis"
    assert {entry.rendering for entry in renders(cache)} == {"mask.png", "cutout.png"}


@pytest.mark.parametrize("directive", ["max-age=0", "no-cache"])
async def test_other_bytes_than_announced_are_refused_before_anything_is_asked_or_kept(directive: str):
    backend, cache = FakeBackend(), DictCache()
    async with house(backend, cache) as it:
        answer = await announce(it, DOG, Cache_Control=directive)
    assert kind(answer) == (400, "digest-mismatch")
    assert SHA256 in answer.json()["detail"]
    assert hashlib.sha256(DOG).hexdigest() in answer.json()["detail"]
    assert (backend.calls, cache.entries) == (0, {})


async def test_other_bytes_than_announced_are_refused_though_they_are_known():
    async with house() as it:
        await send(it, picture=DOG)
        assert kind(await announce(it, DOG)) == (400, "digest-mismatch")


async def test_a_malformed_field_is_a_problem_and_the_body_stays_unread():
    content = Endless()
    async with house() as it:
        answer = await announce(it, content, Content_Digest=SHA256)
    assert kind(answer) == (400, "bad-upload")
    assert content.taken == 0


@pytest.mark.parametrize(
    ("headers", "problem"),
    [
        ({"Content_Type": "text/plain"}, (415, "unsupported-upload")),
        ({"Content_Encoding": "gzip"}, (415, "unsupported-upload")),
        ({"Content_Length": "1000000"}, (413, "upload-too-large")),
    ],
)
async def test_what_would_be_refused_is_refused_known_or_not(headers: dict[str, str], problem: tuple[int, str]):
    async with house() as it:
        unknown = await announce(it, Endless(), **headers)
        await send(it)
        known = await announce(it, Endless(), **headers)
    assert kind(unknown) == kind(known) == problem


@pytest.mark.parametrize("field", [OF_CAT, "malformed"])
async def test_of_a_form_the_field_is_passed_over_since_its_digest_is_not_the_images(field: str):
    backend = FakeBackend()
    async with house(backend) as it:
        await send(it)
        answer = await it.client.post("/v1/mask", files={"image": DOG}, headers={"Content-Digest": field})
    assert answer.headers["X-Image-Digest"] == hashlib.sha256(DOG).hexdigest()
    assert backend.images == [CAT, DOG]


async def test_before_there_is_a_model_the_body_stays_unread():
    content = Endless()
    async with house(ready=False) as it:
        assert kind(await announce(it, content)) == (503, "backend-away")
    assert content.taken == 0
