"""One connection in memory; with real sockets: `test_stream_tls`."""

import ssl

import pytest
import trustme
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.transports.certificate import Certificate
from exporter.transports.tls import Session, TlsError
from tests.transports.authority import HOST, Authority


@pytest.fixture(scope="module")
def contexts(tmp_path_factory):
    """Return what the two sides speak with."""
    ca = Authority(tmp_path_factory.mktemp("tls"))
    return Certificate(str(ca.issue().both)).context, ca.sender()


class Client:
    """The other side, in memory too."""

    def __init__(self, context):
        self.arrived, self.leaving = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.arrived, self.leaving, server_hostname=HOST)

    def shaken(self):
        """Do the next step of the handshake; tell whether it was the last one."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def shakes(self, session):
        """Do the handshake; what the last step sends is left to be sent."""
        while not self.shaken():
            assert session.feed(self.leaving.read()) == b""
            self.arrived.write(session.answer())

    def says(self, *texts):
        """Return one record for each text, and what waited to be sent."""
        for text in texts:
            self.tls.write(text)
        return self.leaving.read()

    def ends(self):
        """Return what was left to be sent, and a close_notify."""
        with pytest.raises(ssl.SSLWantReadError):
            self.tls.unwrap()
        return self.leaving.read()


@pytest.fixture
def pair(contexts):
    session, client = Session(contexts[0]), Client(contexts[1])
    client.shakes(session)
    return session, client


def test_what_comes_with_the_last_step_of_the_handshake_is_heard(pair):
    session, client = pair
    assert not session.established
    assert session.feed(client.says(b"one\n", b"two\n")) == b"one\ntwo\n"
    assert session.established
    assert not session.ended
    session.end()


@pytest.mark.thorough
@settings(deadline=None, max_examples=60)
@given(texts=st.lists(st.binary(min_size=1, max_size=40), max_size=6), data=st.data())
def test_whatever_the_chunks_the_plain_text_is_equal(contexts, texts, data):
    session, client = Session(contexts[0]), Client(contexts[1])
    client.shakes(session)
    stream = client.says(*texts) + client.ends()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=8)))
    edges = zip([0, *cuts], [*cuts, len(stream)], strict=True)
    assert b"".join(session.feed(stream[start:end]) for start, end in edges) == b"".join(texts)
    assert session.ended


@settings(deadline=None, max_examples=200)
@given(data=st.binary(min_size=1, max_size=200), records=st.booleans())
def test_any_bytes_are_waited_for_or_refused_by_a_documented_error(contexts, data, records):
    session = Session(contexts[0])
    if records:
        data = b"\x16\x03\x01" + len(data).to_bytes(2, "big") + data
    refused = None
    try:
        assert session.feed(data) == b""
    except TlsError as error:
        refused = error
    assert refused is None or (refused.reason, refused.plain) == ("denied_sender", b"")
    assert session.ended is (refused is not None)
    assert not session.established


def test_a_close_notify_is_answered_with_one(pair):
    session, client = pair
    assert session.feed(client.says(b"one") + client.ends()) == b"one"
    session.leave()
    client.arrived.write(session.answer())
    client.tls.unwrap()  # raises unless the other side ended it too
    session.end()


def test_we_end_a_connection_with_a_close_notify(pair):
    session, client = pair
    session.feed(client.says())
    session.leave()
    client.arrived.write(session.answer())
    assert client.tls.read(1) == b""


def test_broken_records_lose_nothing_that_came_whole_before(pair):
    session, client = pair
    whole = client.says(b"one\n", b"two\n")
    broken = bytearray(client.says(b"three\n"))
    broken[-1] ^= 1
    with pytest.raises(TlsError, match="broken TLS") as caught:
        session.feed(whole + broken)
    assert caught.value.plain == b"one\ntwo\n"
    assert (caught.value.reason, caught.value.lost) == ("bad_frame", 1)
    assert session.ended


def test_a_sender_that_trusts_another_authority_is_refused_for_its_reason(contexts, tmp_path):
    session, client = Session(contexts[0]), Client(Authority(tmp_path).sender())
    with pytest.raises(ssl.SSLCertVerificationError):
        client.shakes(session)
    with pytest.raises(TlsError, match="no TLS handshake: tlsv1 alert unknown ca") as caught:
        session.feed(client.leaving.read())
    assert caught.value.reason == "denied_sender"


@pytest.mark.parametrize(
    "line", [b"<13>Nov 23 01:14:21 gate kernel: x\n", b"42 <13>x", b"GET / HTTP/1.0\r\n\r\n"]
)
def test_plain_text_is_told_that_it_is(contexts, line):
    with pytest.raises(TlsError, match="no TLS handshake: it does not speak TLS"):
        Session(contexts[0]).feed(line)


def test_a_handshake_that_breaks_off_is_a_failure_and_silence_is_none(contexts):
    silent, begun = Session(contexts[0]), Session(contexts[0])
    silent.end()
    client = Client(contexts[1])
    assert not client.shaken()
    begun.feed(client.leaving.read())
    with pytest.raises(TlsError, match="it hung up"):
        begun.end()


def test_nothing_is_compressed_and_nothing_is_sent_that_a_sender_need_not_read(pair):
    session, client = pair
    session.feed(client.says(b"x"))
    assert client.tls.compression() is None
    assert session.answer() == b""  # a ticket, left unread, would reset the connection


def test_the_names_of_a_certificate_are_its_dns_names_and_then_its_common_name(tmp_path):
    ca = trustme.CA()
    shown = ca.issue_cert("r7.example", "192.0.2.7", common_name="router 7")
    file = tmp_path / "shown.pem"
    shown.private_key_and_cert_chain_pem.write_to_path(file)
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    own = Authority(tmp_path, "own")
    asking = Certificate(str(own.issue().both), client_ca=str(tmp_path / "ca.pem")).context
    context = own.sender()
    context.load_cert_chain(file)
    session, client = Session(asking), Client(context)
    client.shakes(session)
    session.feed(client.says(b"a line"))
    assert session.names == ("r7.example", "router 7")


def test_who_was_asked_for_no_certificate_has_no_names(pair):
    session, client = pair
    session.feed(client.says(b"a line"))
    assert session.names == ()
