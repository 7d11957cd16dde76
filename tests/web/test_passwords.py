import asyncio

import bcrypt
import pytest

from exporter.web import passwords
from exporter.web.passwords import Passwords


def hashed(password: bytes) -> str:
    return bcrypt.hashpw(password[:72], bcrypt.gensalt(4)).decode()


@pytest.fixture
def known() -> Passwords:
    made = Passwords()
    made.replace({"anna": hashed(b"secret"), "ben": hashed("größer".encode())})
    return made


def right(known: Passwords, user: str, password: bytes) -> bool:
    return asyncio.run(known.are_right(user, password))


def test_a_user_has_one_password(known):
    assert right(known, "anna", b"secret")
    assert right(known, "ben", "größer".encode())
    for user, password in (("anna", b""), ("anna", b"Secret"), ("ben", b"secret"), ("", b"")):
        assert not right(known, user, password)


def test_a_strangers_password_is_tried_for_as_long_as_a_users(known, monkeypatch):
    tried = []
    monkeypatch.setattr(passwords, "_fits", lambda *given: tried.append(given) or True)
    assert not right(known, "nobody", b"secret")
    assert right(known, "anna", b"other")
    assert len(tried) == 2


def test_what_was_found_is_found_once_whichever_it_was(known, monkeypatch):
    tried = []
    fits = passwords._fits
    monkeypatch.setattr(passwords, "_fits", lambda *given: tried.append(given) or fits(*given))
    for _ in range(3):
        assert right(known, "anna", b"secret")
        assert not right(known, "anna", b"wrong")
        assert not right(known, "nobody", b"secret")
    assert len(tried) == 3


def test_another_hash_is_another_password(known):
    assert right(known, "anna", b"secret")
    known.replace({"anna": hashed(b"other")})
    assert not right(known, "anna", b"secret")
    assert right(known, "anna", b"other")


def test_what_is_remembered_is_bounded_and_no_password(known, monkeypatch):
    monkeypatch.setattr(passwords, "MOST_WRONG", 3)
    for number in range(5):
        right(known, "anna", b"wrong %d" % number)
    right(known, "ben", "größer".encode())
    assert (len(known._wrong), len(known._right)) == (3, 1)
    for key in (*known._wrong, *known._right):
        assert len(key) == 32
        assert b"wrong" not in key


def test_many_wrong_ones_make_nobody_forget_what_was_right(known, monkeypatch):
    monkeypatch.setattr(passwords, "MOST_WRONG", 3)
    assert right(known, "anna", b"secret")
    for number in range(5):
        assert not right(known, "anna", b"wrong %d" % number)
    monkeypatch.setattr(passwords, "_fits", lambda *_: pytest.fail("tried again"))
    assert right(known, "anna", b"secret")


def test_who_tries_many_waits_for_himself_and_others_do_not_wait_for_him(known, monkeypatch):
    """The thread takes tries in their order; a hundred of one client would stand before hers."""
    tried = []
    fits = passwords._fits
    monkeypatch.setattr(passwords, "_fits", lambda *given: tried.append(given[0]) or fits(*given))

    async def all_at_once():
        async with asyncio.TaskGroup() as tasks:
            many = [
                tasks.create_task(known.are_right("x", b"%d" % number, "192.168.1.66"))
                for number in range(50)
            ]
            await asyncio.sleep(0)
            assert await known.are_right("anna", b"secret", "192.168.1.20")
            before = tried.index(b"secret")
        assert not any(task.result() for task in many)
        return before

    assert asyncio.run(all_at_once()) < 5
    assert len(tried) == 51


def test_a_longer_password_than_bcrypt_looks_at_is_none():
    known = Passwords()
    known.replace({"anna": hashed(b"x" * 72)})
    assert right(known, "anna", b"x" * 72)
    assert not right(known, "anna", b"x" * 73)


def test_without_users_nobody_has_one():
    known = Passwords()
    assert not known.are_asked_for
    assert not right(known, "anna", b"secret")
