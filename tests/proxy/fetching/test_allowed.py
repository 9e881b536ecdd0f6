from ipaddress import ip_address

import pytest

from proxy.fetching.allowed import NOTHING, Allowed

PLACES = Allowed.of(["10.0.0.0/8", "192.168.1.5", "fd00::/8", "Images.LAN"])


@pytest.mark.parametrize("address", ["10.9.8.7", "192.168.1.5", "fd12::1", "::ffff:10.1.1.1", "64:ff9b::10.1.1.1"])
def test_a_network_allows_its_addresses_however_they_are_written(address: str):
    assert PLACES.has_address(ip_address(address))


@pytest.mark.parametrize("address", ["11.0.0.1", "192.168.1.6", "fe80::1", "127.0.0.1"])
def test_it_allows_no_others(address: str):
    assert not PLACES.has_address(ip_address(address))


def test_a_name_is_allowed_whatever_its_case_and_none_that_ends_with_it():
    assert PLACES.has_name("images.lan.")
    assert PLACES.has_name("IMAGES.lan")
    assert not PLACES.has_name("evil-images.lan")
    assert not PLACES.has_name("a.images.lan")


def test_nothing_is_allowed_by_itself():
    assert not NOTHING.has_name("localhost")
    assert not NOTHING.has_address(ip_address("127.0.0.1"))
