import socket

import pytest

from proxy.listening import CannotListen, bind, shown_url, url_of


def test_a_free_port_is_held_without_listening():
    with socket.create_server(("127.0.0.1", 0)) as other:
        free = other.getsockname()[1]
    with bind("127.0.0.1", free) as holder, socket.socket() as caller:
        assert holder.getsockname() == ("127.0.0.1", free)
        assert caller.connect_ex(("127.0.0.1", free)) != 0


def test_a_taken_port_is_named_with_the_setting():
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(CannotListen, match=rf"^Port {port} of 127\.0\.0\.1 is taken: .* REMATTE_PORT\.$"):
            bind("127.0.0.1", port)


@pytest.mark.parametrize("host", ["203.0.113.7", "no such host"])
def test_a_host_that_is_not_ours_is_named_with_the_setting(host):
    with pytest.raises(CannotListen, match=rf"{host}.*REMATTE_HOST|REMATTE_HOST='{host}'"):
        bind(host, 8000, may_be_reached=True)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_an_address_that_others_reach_must_be_asked_for(host):
    with pytest.raises(CannotListen, match=r"^REMATTE_HOST='.*' lets others in, .* REMATTE_API_KEYS, or REMATTE_OPEN"):
        bind(host, 0)
    bind("0.0.0.0", 0, may_be_reached=True).close()


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("gpu-box", "http://gpu-box:80"),
    ],
)
def test_a_server_is_found_where_this_machine_can_reach_it(host, url):
    assert url_of(host, 80) == url


def test_people_are_shown_localhost():
    assert shown_url("127.0.0.1", 8000) == "http://localhost:8000"
    assert shown_url("192.0.2.1", 8000) == "http://192.0.2.1:8000"
