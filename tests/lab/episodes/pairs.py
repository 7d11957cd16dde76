"""Two devices that look alike from outside: the same port, the same server, or both."""

from tests.lab.episodes import Script
from tests.lab.laboratory import Stage, wait
from tests.lab.truth import SEEN_SECONDS, Truth


def same_port(stage: Stage) -> Script:
    """One game on two devices, on one port; only a conversation that is seen tells them apart."""
    phone, nas = stage.program("phone", "game"), stage.program("nas", "game")
    phone.open(50500)
    nas.open(50500)
    lobby = stage.remote(3074)
    common = stage.meets(nas, 50500, lobby)
    match = stage.remote(3075)
    phone.open(50501, peer=match.place)
    nas.open(50501)
    seen = stage.meets(phone, 50501, match, connected=True)
    yield
    yield
    stage.knock(lobby, common, Truth("nas", "game"), times=2)
    for _ in range(4):
        stage.knock(stage.remote(3074), common, Truth("nas", "game"), times=2)
    stage.knock(match, seen, Truth("phone", "game", evidence=True), times=2)


def handed_over(stage: Stage) -> Script:
    """A port is closed on one device and opened on another: nobody can tell whom it is for."""
    before, after = stage.program("phone", "torrent"), stage.program("nas", "torrent")
    port, peer = before.open(51610), stage.remote(6881)
    seen = stage.meets(before, port, peer)
    yield
    before.close(port)
    after.open(port)
    wait(SEEN_SECONDS)
    yield
    stage.knock(peer, seen, Truth("phone", "torrent"), times=2)
    for _ in range(3):
        stage.knock(stage.remote(6881), seen, Truth("phone", "torrent"))


def not_preserved(stage: Stage) -> Script:
    """The port is taken by another device's conversation with the same server, so it is changed.

    Of the nas one sees that it has the same port, which explains the change, but not to whom it
    talks: the conversation that is seen is the phone's. Where both are seen, nobody can tell.
    """
    nas, phone, pc = (stage.program(host, "console") for host in ("nas", "phone", "pc"))
    lobby, shared = stage.remote(3074), stage.remote(3074)
    nas.open(50720)
    stage.meets(nas, 50720, lobby)
    phone.open(50720, peer=lobby.place)
    changed = stage.meets(phone, 50720, lobby, connected=True)
    pair = []
    for program in (phone, pc):
        program.open(50700, peer=shared.place)
        pair.append((program, stage.meets(program, 50700, shared, connected=True)))
    yield
    yield
    stage.knock(lobby, changed, Truth("phone", "console", evidence=True), times=4)
    for program, seen in pair:
        stage.knock(shared, seen, Truth(program.host, "console"), times=2)


def collision(stage: Stage) -> Script:
    """The tv talks to a server first, which nobody sees, then the phone does from the same port.

    The router keeps the port for the tv; all that can be seen says that it is the phone's.
    """
    tv, phone = stage.program("tv", "console"), stage.program("phone", "console")
    server = stage.remote(3074)
    yield
    tv.open(50730)
    kept = stage.meets(tv, 50730, server)
    phone.open(50730, peer=server.place)
    stage.meets(phone, 50730, server, connected=True)
    yield
    stage.knock(server, kept, Truth("tv", "console"), times=4)


def unwatched(stage: Stage) -> Script:
    """The tv has a port that nobody watches, and is called there."""
    tv = stage.program("tv", "popcorn")
    yield
    port, peer = tv.open(50850), stage.remote(6881)
    seen = stage.meets(tv, port, peer)
    yield
    stage.knock(peer, seen, Truth("tv", tv.name), times=2)
    for _ in range(4):
        stage.knock(stage.remote(6881), seen, Truth("tv", tv.name))


def shared_server(stage: Stage) -> Script:
    """The tv, which nobody watches, and the phone talk to one server, each from its own port.

    The phone's own port is known and kept, so what comes for another one is not the phone's.
    """
    tv, phone = stage.program("tv", "youtube"), stage.program("phone", "youtube")
    talks = []
    yield
    for _ in range(3):
        server = stage.remote(443)
        stage.meets(phone, phone.open(peer=server.place), server, connected=True)
        port = tv.open(peer=server.place)
        seen = stage.meets(tv, port, server, connected=True)
        talks.append((server, seen))
    wait(SEEN_SECONDS)
    yield
    for server, seen in talks:
        stage.knock(server, seen, Truth("tv", "youtube"), times=2)


def other_transport(stage: Stage) -> Script:
    """The pc has a TCP connection with a server to which the tv, unwatched, talks by QUIC."""
    tv, pc = stage.program("tv", "youtube"), stage.program("pc", "firefox")
    talks = []
    yield
    for _ in range(3):
        listening = stage.listening(443)
        pc.open(transport="tcp", peer=listening.place)
        server = stage.laboratory.internet.remote(listening.ip, 443)
        port = tv.open(peer=server.place)
        talks.append((server, stage.meets(tv, port, server, connected=True)))
    wait(SEEN_SECONDS)
    yield
    for server, seen in talks:
        stage.knock(server, seen, Truth("tv", "youtube"), times=2)


def coincidence(stage: Stage) -> Script:
    """The router gives a program's conversation a port that another device happens to have."""
    phone, nas = stage.program("phone", "voice"), stage.program("nas", "backup")
    port, server = phone.open(50740), stage.remote(3478)
    seen = stage.meets(phone, port, server)
    yield
    yield
    nas.open(seen)  # only now: with few ports it may well be that of other episodes, too
    wait(SEEN_SECONDS)
    stage.knock(server, seen, Truth("phone", "voice"), times=2)
    for _ in range(3):
        stage.knock(stage.remote(3478), seen, Truth("phone", "voice"))
