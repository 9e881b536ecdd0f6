import os
import signal

import pytest

from proxy.signals import Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_rest_ends_with_a_signal(number):
    with Signals() as signals:
        os.kill(os.getpid(), number)
        assert signals.rest(10)


def test_a_rest_without_a_signal_ends_with_its_time():
    with Signals() as signals:
        assert not signals.rest(0)


def test_every_signal_is_told_once():
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        assert [signals.rest(0) for _ in range(3)] == [True, True, False]


def test_afterwards_ctrl_c_does_again_what_it_did():
    before = signal.getsignal(signal.SIGINT)
    with Signals():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_a_signal_that_is_somebody_elses_is_no_stop():
    others = signal.signal(signal.SIGUSR1, lambda *_: None)
    try:
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert not signals.rest(10)
    finally:
        signal.signal(signal.SIGUSR1, others)
