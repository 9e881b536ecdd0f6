from ipaddress import ip_address

import pytest

from proxy.fetching.addresses import inner_address, reason_against


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "223.255.255.255", "2606:4700::1111"],
)
def test_an_address_of_the_public_internet_is_fine(address: str):
    assert reason_against(ip_address(address)) is None


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("0.0.0.0", "of this host"),
        ("10.1.2.3", "private"),
        ("100.64.0.1", "shared"),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.0.1", "private"),
        ("198.19.0.1", "reserved"),
        ("203.0.113.7", "reserved"),
        ("224.0.0.1", "multicast"),
        ("240.0.0.1", "reserved"),
        ("255.255.255.255", "reserved"),
        ("::", "of this host"),
        ("::1", "loopback"),
        ("::127.0.0.1", "reserved"),
        ("fe80::1", "link-local"),
        ("fe80::1%1", "link-local"),
        ("fec0::1", "reserved"),
        ("fd12::1", "private"),
        ("ff02::1", "multicast"),
        ("2001:0:5ef5:79fb::1", "reserved"),
        ("2001:db8::1", "reserved"),
        ("64:ff9b:1::7f00:1", "reserved"),
        ("4000::1", "reserved"),
    ],
)
def test_any_other_address_is_refused_as_what_it_is(address: str, kind: str):
    assert kind in (reason_against(ip_address(address)) or "")


@pytest.mark.parametrize(
    "form",
    ["::ffff:{0:x}:{1:x}", "64:ff9b::{0:x}:{1:x}", "2002:{0:x}:{1:x}::1"],
    ids=["mapped", "NAT64", "6to4"],
)
def test_an_address_inside_an_address_is_judged_by_where_it_ends(form: str):
    inside, outside = (ip_address(form.format(*halves)) for halves in ((0x7F00, 1), (0x0101, 0x0101)))
    assert str(inner_address(inside)) == "127.0.0.1"
    assert reason_against(inside) == "a loopback address"
    assert reason_against(outside) is None
