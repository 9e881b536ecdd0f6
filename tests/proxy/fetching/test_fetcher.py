"""What comes of a URL, over real sockets; only name servers are made up."""

import asyncio
import ssl
import time
from pathlib import Path

import pytest

from proxy.errors import BadUrl, DownloadFailed, DownloadTooSlow, RefusedAddress, RematteError, UploadTooLarge
from proxy.fetching import Allowed, Fetcher, Guard
from tests.proxy.fetching.servers import PICTURE, Names, Server, elsewhere, plainly, serving

TLS = Path(__file__).parents[2] / "data" / "tls"
HERE = Allowed.of(["127.0.0.1"])
MAX_BYTES = 1000


def fetcher(
    allowed: Allowed = HERE, names: Names | None = None, patience_s: float = 30.0, tls: ssl.SSLContext | None = None
) -> Fetcher:
    guard = Guard(allowed, names or Names({}))
    return Fetcher(guard, max_bytes=MAX_BYTES, patience_s=patience_s, tls=tls)


def _at(server: Server) -> str:
    return f"http://127.0.0.1:{server.port}/"


def guarded(*names: str) -> Fetcher:
    """One that may go nowhere on this machine; each of the names leads here."""
    return fetcher(Allowed.of([]), Names({name: [["127.0.0.1"]] for name in names}))


async def test_a_picture_is_fetched_with_its_query_and_without_its_fragment():
    async with serving(plainly()) as server:
        assert await fetcher().fetch(f"http://127.0.0.1:{server.port}/cat%20one.jpg?size=1#top") == PICTURE
    head = server.asked[0].splitlines()
    assert head[0] == "GET /cat%20one.jpg?size=1 HTTP/1.1"
    assert f"Host: 127.0.0.1:{server.port}" in head
    assert "Accept-Encoding: identity" in head


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_FLUSHALL",
        "ftp://images.example/cat.jpg",
        "data:image/png;base64,AAAA",
        "//images.example/cat.jpg",
        "cat.jpg",
        "",
        "http://",
        "http:///cat.jpg",
        "http://[::1",
        "http://xn--/cat.jpg",
        "http://images.example:0/",
        "http://images.example:99999/",
        "http://user:hunter2@images.example/",
        "http://①②⑦.0.0.1/",
        "http://images.example/\r\nHost: other",
        "http://images.example/" + "a" * 9000,
    ],
)
async def test_what_is_no_address_of_a_picture_is_refused_without_a_connection(url: str):
    names = Names({"images.example": [["1.1.1.1"]]})
    with pytest.raises(BadUrl) as refusal:
        await fetcher(names=names).fetch(url)
    assert refusal.value.status == 400
    assert "hunter2" not in str(refusal.value)
    assert names.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1.2.3",
        "0.0.0.0",
        "10.0.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "192.168.0.1",
        "127。0。0。1",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fd00::1]",
        "224.0.0.1",
    ],
)
async def test_an_address_that_is_not_public_is_refused_with_the_reason(host: str):
    async with serving(plainly()) as server:
        with pytest.raises(RefusedAddress, match=r"leads to an? .*address.*REMATTE_URL_ALLOW"):
            await guarded().fetch(f"http://{host}:{server.port}/")
    assert server.asked == []


@pytest.mark.parametrize(
    "host", ["2130706433", "0x7f000001", "0x7f.1", "127.1", "0177.0.0.1", "017700000001", "127.0.0.01"]
)
async def test_an_address_in_disguise_is_refused_as_one(host: str):
    with pytest.raises(BadUrl, match=r"in disguise|Invalid IPv4 address"):
        await fetcher().fetch(f"http://{host}/")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["::1"], ["1.1.1.1", "10.0.0.1"]])
async def test_a_name_is_refused_if_any_of_its_addresses_is_not_public(addresses: list[str]):
    names = Names({"images.example": [addresses]})
    with pytest.raises(RefusedAddress, match=r"^images\.example leads to"):
        await fetcher(Allowed.of([]), names).fetch("http://images.example/")


async def test_a_name_is_looked_up_once_and_the_connection_goes_where_it_led_then():
    names = Names({"images.example": [["127.0.0.1"], ["127.0.0.2"]]})
    async with serving(plainly()) as server:
        assert await fetcher(names=names).fetch(f"http://images.example:{server.port}/") == PICTURE
    assert names.asked == ["images.example"]
    assert f"Host: images.example:{server.port}" in server.asked[0]


async def test_a_name_that_leads_elsewhere_after_a_redirect_is_checked_again():
    names = Names({"images.example": [["127.0.0.1"], ["127.0.0.2"]]})
    async with serving(elsewhere("/again")) as server:
        with pytest.raises(RefusedAddress, match="loopback"):
            await fetcher(names=names).fetch(f"http://images.example:{server.port}/")
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "target", ["http://127.0.0.2:{port}/", "http://inside.example:{port}/", "http://[::1]:{port}/"]
)
async def test_a_redirect_to_loopback_is_refused_with_the_reason(target: str):
    names = Names({"inside.example": [["127.0.0.2"]]})
    async with (
        serving(plainly(), host="127.0.0.2") as secret,
        serving(elsewhere(target.format(port=secret.port))) as it,
    ):
        with pytest.raises(RefusedAddress, match="loopback"):
            await fetcher(names=names).fetch(f"http://127.0.0.1:{it.port}/")
    assert secret.asked == []


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1:6379/_FLUSHALL", "http://u:p@127.0.0.1/"])
async def test_a_redirect_to_another_kind_of_address_is_refused(target: str):
    async with serving(elsewhere(target)) as server:
        with pytest.raises(BadUrl):
            await fetcher().fetch(f"http://127.0.0.1:{server.port}/")


async def test_a_redirect_may_be_relative_and_is_followed():
    async with serving(elsewhere("../dog.jpg"), plainly()) as server:
        assert await fetcher().fetch(f"http://127.0.0.1:{server.port}/pets/cat.jpg") == PICTURE
    assert [head.split()[1] for head in server.asked] == ["/pets/cat.jpg", "/dog.jpg"]


async def test_redirects_that_never_end_do():
    async with serving(elsewhere("/round")) as server:
        with pytest.raises(DownloadFailed, match="more than 5 times"):
            await fetcher().fetch(f"http://127.0.0.1:{server.port}/")
    assert len(server.asked) == 6


async def test_what_is_secret_goes_to_the_first_server_alone():
    async with (
        serving(plainly()) as other,
        serving(elsewhere("/b"), elsewhere(f"http://127.0.0.1:{other.port}/")) as one,
    ):
        await fetcher().fetch(f"http://127.0.0.1:{one.port}/a", {"Authorization": "Token secret"})
    assert all("Token secret" in head for head in one.asked)
    assert "secret" not in other.asked[0]


@pytest.mark.parametrize("status", ["404 Not Found", "500 Oops", "204 No Content", "206 Partial Content", "304 Same"])
async def test_an_answer_without_a_picture_fails_with_its_status(status: str):
    async with serving(plainly(b"", status)) as server:
        with pytest.raises(DownloadFailed, match=status[:3]) as failure:
            await fetcher().fetch(f"http://127.0.0.1:{server.port}/")
    assert failure.value.answered == int(status[:3])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (plainly(b""), "no bytes"),
        (plainly(PICTURE, "200 OK", "Content-Encoding: gzip"), "gzip"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nshort", "broke"),
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", "broke"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000, "broke"),
        (b"", "broke"),
    ],
    ids=["empty", "packed", "cut short", "not HTTP", "a head without end", "silence"],
)
async def test_an_answer_that_is_none_fails_with_the_reason(answer: bytes, reason: str):
    async with serving(answer) as server:
        with pytest.raises(DownloadFailed, match=reason):
            await fetcher().fetch(f"http://127.0.0.1:{server.port}/")


async def test_a_picture_may_be_as_large_as_an_upload_and_no_byte_larger():
    async with serving(plainly(bytes(MAX_BYTES)), plainly(bytes(MAX_BYTES + 1))) as server:
        url = f"http://127.0.0.1:{server.port}/"
        assert len(await fetcher().fetch(url)) == MAX_BYTES
        with pytest.raises(UploadTooLarge, match="1,000 bytes"):
            await fetcher().fetch(url)


async def test_a_body_without_end_is_left_as_soon_as_it_passes_the_limit():
    async with serving(b"HTTP/1.1 200 OK\r\n\r\n", drip=bytes(500)) as server:
        with pytest.raises(UploadTooLarge):
            await fetcher().fetch(f"http://127.0.0.1:{server.port}/")


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 103 Early Hints\r\n\r\n"],
    ids=["a slow body", "a slow status", "a slow head", "hints"],
)
async def test_whoever_is_slow_is_left_when_the_time_is_over(head: bytes):
    begun = time.monotonic()
    async with serving(head, drip=head if b"103" in head else b"a", pause_s=0.05) as server:
        with pytest.raises(DownloadTooSlow, match=r"1 seconds"):
            await fetcher(patience_s=1).fetch(f"http://127.0.0.1:{server.port}/")
    assert time.monotonic() - begun < 10


async def test_a_name_server_that_hangs_is_left_when_the_time_is_over():
    async def hang(name: str, port: int) -> list:
        await asyncio.Event().wait()
        return []

    with pytest.raises(DownloadTooSlow):
        await Fetcher(Guard(HERE, hang), patience_s=0.05).fetch("http://images.example/")


async def test_a_name_without_an_address_and_a_server_that_is_not_there_are_named():
    async with serving(plainly()) as server:
        pass
    with pytest.raises(DownloadFailed, match=r"images\.example has no address"):
        await fetcher().fetch("http://images.example/")
    with pytest.raises(DownloadFailed, match=rf"port {server.port} of 127\.0\.0\.1"):
        await fetcher().fetch(f"http://127.0.0.1:{server.port}/")


async def test_an_address_that_is_silent_leaves_the_others_their_turn():
    async with serving(plainly(), host="127.0.0.1") as server:
        names = Names({"images.example": [["127.0.0.9", "127.0.0.1"]]})
        url = f"http://images.example:{server.port}/"
        assert await fetcher(Allowed.of(["127.0.0.0/8"]), names).fetch(url) == PICTURE


async def test_an_allowed_name_may_lead_inside_and_its_neighbour_may_not():
    names = Names({"images.lan": [["127.0.0.1"]], "other.lan": [["127.0.0.1"]]})
    allowed = Allowed.of(["images.lan"])
    async with serving(plainly()) as server:
        assert await fetcher(allowed, names).fetch(f"http://images.lan:{server.port}/") == PICTURE
        with pytest.raises(RefusedAddress):
            await fetcher(allowed, names).fetch(f"http://other.lan:{server.port}/")


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch):
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    async with serving(plainly()) as server:
        assert await fetcher().fetch(f"http://127.0.0.1:{server.port}/") == PICTURE


async def test_the_certificate_must_be_that_of_the_name_and_not_of_the_address():
    offered = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    offered.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    trusted = ssl.create_default_context(cafile=TLS / "certificate.pem")
    names = Names({name: [["127.0.0.1"]] for name in ("images.example", "other.example")})
    async with serving(plainly(), tls=offered) as server:
        it = fetcher(names=names, tls=trusted)
        assert await it.fetch(f"https://images.example:{server.port}/") == PICTURE
        with pytest.raises(DownloadFailed):
            await it.fetch(f"https://other.example:{server.port}/")
        with pytest.raises(DownloadFailed):
            await fetcher(names=names).fetch(f"https://images.example:{server.port}/")


async def test_the_machines_own_resolver_is_asked_and_what_it_says_is_checked():
    with pytest.raises(RefusedAddress, match="localhost leads to a loopback address"):
        await Fetcher().fetch("http://localhost:9/")


def test_every_way_to_fail_says_what_it_is():
    kinds: set[type[RematteError]] = {BadUrl, RefusedAddress, DownloadFailed, DownloadTooSlow, UploadTooLarge}
    assert {kind.status for kind in kinds} == {400, 422, 502, 504, 413}
