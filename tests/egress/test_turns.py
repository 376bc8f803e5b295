"""Turns at the processor: held, and lent while somebody outside is waited for."""

from __future__ import annotations

import threading

import pytest

from apps.egress import turns


def test_one_turn_is_held_by_one():
    semaphore = threading.Semaphore(1)
    with turns.taking(semaphore):
        assert not semaphore.acquire(blocking=False)
        with turns.stepping_aside():
            assert semaphore.acquire(blocking=False)  # somebody else's now
            semaphore.release()
        assert not semaphore.acquire(blocking=False)
    assert semaphore.acquire(blocking=False)


def test_it_comes_back_after_a_failure_outside():
    semaphore = threading.Semaphore(1)
    with pytest.raises(OSError), turns.taking(semaphore), turns.stepping_aside():
        raise OSError
    assert semaphore.acquire(blocking=False)
    assert not semaphore.acquire(blocking=False)


def test_without_a_turn_there_is_nothing_to_lend():
    with turns.stepping_aside():
        pass
