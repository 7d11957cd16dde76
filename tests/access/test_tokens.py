"""Whose a token is, and that files which change are read again."""

import hashlib
from pathlib import Path

import pytest

from exporter import cli
from exporter.access.tokens import Owner, TokenError, Tokens, line, made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "configured"
    path.write_text("# who may post\n\n  all-of-it  \nANNA-PC s3cret\nliving  room TV t-v\n")
    return path


@pytest.fixture
def tokens(file: Path, tmp_path: Path) -> Tokens:
    return Tokens(file, tmp_path / "state" / "tokens")


def bound(device: str) -> Owner:
    """Whose a device's own token is: it tells of that device alone."""
    return Owner(device, tells_of_others=False)


def write(file: Path, text: str) -> None:
    """Write a file as an editor does: the new one takes the place of the old one."""
    aside = file.with_name("edited")
    aside.write_text(text)
    aside.replace(file)


def test_a_line_is_a_token_or_a_device_and_its_token(tokens: Tokens):
    assert tokens.owner("all-of-it") == Owner(None)
    assert tokens.owner("s3cret") == bound("ANNA-PC")
    assert tokens.owner("t-v") == bound("living room TV")


@pytest.mark.parametrize("given", ["", "#", "S3CRET", "s3cre", "s3cret ", "ANNA-PC", "ключ"])
def test_anything_else_is_nobodys(tokens: Tokens, given: str):
    assert tokens.owner(given) is None


def test_a_device_may_report_for_itself_whatever_the_case_of_its_name():
    assert bound("ANNA-PC").may_report("anna-pc")
    assert not bound("ANNA-PC").may_report("ANNA-PC2")
    assert not bound("ANNA-PC").may_report("ANNA  PC")
    assert Owner(None).may_report("anything")


def test_a_removed_line_is_a_revoked_token(tokens: Tokens, file: Path):
    write(file, "all-of-it\n")
    assert tokens.owner("s3cret") is None
    assert tokens.owner("all-of-it") == Owner(None)


def test_a_new_line_is_a_new_token(tokens: Tokens, file: Path):
    with file.open("a") as more:
        more.write("NAS n4s\n")
    assert tokens.owner("n4s") == bound("NAS")


@pytest.mark.parametrize("left", [None, "", "# none\n"])
def test_without_its_file_nobody_may_post(tokens: Tokens, file: Path, left: str | None):
    if left is None:
        file.unlink()
    else:
        write(file, left)
    assert tokens.owner("all-of-it") is None
    assert tokens.owner("") is None
    write(file, "all-of-it\n")
    assert tokens.owner("all-of-it") == Owner(None)


@pytest.mark.parametrize(
    ("text", "complaint"), [(None, "cannot be read"), (b"\xff", "cannot be read"), (b"#", "holds")]
)
def test_a_file_without_tokens_is_told_at_the_start(tmp_path: Path, text, complaint: str):
    file = tmp_path / "tokens"
    if text is not None:
        file.write_bytes(text)
    with pytest.raises(TokenError, match=complaint):
        Tokens(file)


def test_an_issued_token_is_of_its_device_and_outlives_a_restart(tokens: Tokens, file: Path):
    token = tokens.issue(" living  room PC ")
    other = tokens.issue("NAS")
    assert tokens.owner(token) == bound("living room PC")
    again = Tokens(file, file.parent / "state" / "tokens")
    assert (again.owner(token), again.owner(other)) == (bound("living room PC"), bound("NAS"))
    assert token.isascii()
    assert len(token) >= 32
    assert token != other


def digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def test_a_line_with_a_digest_is_its_token_and_the_digest_is_none(tmp_path: Path):
    file = tmp_path / "hashed"
    file.write_text(f"sha256:{digest('all')}\nliving  room TV sha256:{digest('t-v').upper()}\n")
    tokens = Tokens(file)
    assert tokens.plain == 0
    assert (tokens.owner("all"), tokens.owner("t-v")) == (
        Owner(None),
        bound("living room TV"),
    )
    assert tokens.owner(digest("all")) is None
    assert tokens.owner(f"sha256:{digest('all')}") is None


def test_a_line_is_made_for_a_token(tmp_path: Path):
    file, (mine, all_of_it) = tmp_path / "made", (made(), made())
    file.write_text(f"{line(' my  PC', mine)}\n{line('', all_of_it)}\n")
    assert (mine not in file.read_text(), all_of_it not in file.read_text()) == (True, True)
    tokens = Tokens(file)
    assert (tokens.owner(mine), tokens.owner(all_of_it)) == (bound("my PC"), Owner(None))


@pytest.mark.parametrize("text", ["sha256:", "PC sha256:12", f"sha256:{'g' * 64}"])
def test_a_digest_that_is_none_is_told_with_its_line(file: Path, text: str):
    tokens = Tokens(file)
    write(file, f"all-of-it\n{text}\n")
    with pytest.raises(TokenError, match="configured, line 2: a token's SHA-256 has 64"):
        Tokens(file)
    assert tokens.owner("all-of-it") is None  # a file that cannot be used lets nobody in


def test_tokens_as_they_are_are_counted(tokens: Tokens):
    assert tokens.plain == 3


def test_tokens_that_were_given_out_are_stored_as_digests_alone(file: Path, tmp_path: Path):
    store = tmp_path / "state" / "tokens"
    store.parent.mkdir()
    store.write_text("NAS 0ld\n# a remark\n")
    tokens = Tokens(file, store)
    new = tokens.issue("PC")
    assert store.read_text().splitlines() == [
        f"NAS sha256:{digest('0ld')}",
        "# a remark",
        f"PC sha256:{digest(new)}",
    ]
    assert (tokens.owner("0ld"), tokens.owner(new)) == (bound("NAS"), bound("PC"))
    assert store.stat().st_mode & 0o777 == 0o600


def test_issued_tokens_are_readable_for_their_owner_alone(tokens: Tokens, tmp_path: Path):
    for device in ("PC", "NAS"):
        tokens.issue(device)
    folder = tmp_path / "state"
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "tokens").stat().st_mode & 0o777 == 0o600
    assert [file.name for file in folder.iterdir()] == ["tokens"]


@pytest.mark.parametrize("name", ["", "  ", "# PC"])
def test_a_name_that_cannot_stand_on_a_line_gets_no_token(tokens: Tokens, name: str):
    with pytest.raises(ValueError, match="not a name"):
        tokens.issue(name)


def test_tokens_of_a_device_are_revoked_together_and_no_others(tokens: Tokens):
    mine = [tokens.issue("NAS") for _ in range(2)]
    others = tokens.issue("NAS2")
    assert tokens.revoke("nas") == 2
    assert [tokens.owner(token) for token in mine] == [None, None]
    assert tokens.owner(others) == bound("NAS2")
    assert tokens.revoke("nas") == 0


def test_a_configured_token_is_its_owners_to_remove(tokens: Tokens):
    assert tokens.revoke("ANNA-PC") == 0
    assert tokens.configured_for("anna-pc")
    assert not tokens.configured_for("NAS")
    assert tokens.owner("s3cret") == bound("ANNA-PC")


def test_a_store_that_cannot_be_read_is_not_overwritten(tokens: Tokens, tmp_path: Path):
    store = tmp_path / "state" / "tokens"
    tokens.issue("NAS")
    store.write_bytes(b"\xff\n")
    with pytest.raises(ValueError, match="utf-8"):
        tokens.issue("PC")
    assert store.read_bytes() == b"\xff\n"
    assert tokens.owner("all-of-it") == Owner(None)  # the configured ones go on


def test_without_a_folder_none_is_issued(file: Path):
    with pytest.raises(OSError, match="no folder"):
        Tokens(file).issue("PC")
    assert Tokens(file).revoke("PC") == 0


def test_a_token_is_printed_with_its_line(capsys, tmp_path: Path):
    assert cli.main(["token", "ANNA-PC"]) == 0
    first, *_, text = capsys.readouterr().out.splitlines()
    token, stored = first.rpartition(" ")[2], tmp_path / "stored"
    assert token not in text
    stored.write_text(f"{text}\n")
    assert Tokens(stored).owner(token) == bound("ANNA-PC")


def test_the_line_for_a_token_that_is_in_a_file_is_printed_alone(capsys, tmp_path: Path):
    mine = tmp_path / "mine"
    mine.write_text("mine\n")
    assert cli.main(["token", "--token-file", str(mine)]) == 0
    assert capsys.readouterr().out == f"sha256:{digest('mine')}\n"


def test_a_name_that_can_have_no_token_is_1(capsys):
    assert cli.main(["token", "# PC"]) == 1


def test_observers_tell_of_others_with_their_own_tokens(tmp_path: Path):
    file = tmp_path / "tokens"
    file.write_text("all\nGate one\nNAS two\n")
    tokens = Tokens(file, observers=("gate",))
    assert tokens.owner("all") == Owner(None, tells_of_others=True)
    assert tokens.owner("one") == Owner("Gate", tells_of_others=True)
    assert tokens.owner("two") == Owner("NAS", tells_of_others=False)
