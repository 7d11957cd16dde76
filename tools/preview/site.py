"""The page that draws, served on the loopback: Grafana's components fetch their icons and fonts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

PAGE = """<!doctype html>
<html><head><meta charset="utf-8"><title>drawing</title><link rel="icon" href="data:,">
<link rel="stylesheet" href="/bundle.css"></head>
<body style="margin: 0"><div id="root"></div><script src="/bundle.js"></script></body></html>
"""


@contextmanager
def site(build: Path, modules: Path) -> Iterator[str]:
    """Serve the bundle and the data of `build`, icons and fonts of `modules`; hand out the URL."""
    public = modules / "@grafana" / "ui" / "dist" / "public"
    places = {
        "/public/fonts/inter/": modules / "inter-ui" / "web",
        "/public/build/img/icons/": public / "img" / "icons",
        "/": build,
    }

    class Handler(SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/?"):
                body = PAGE.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            else:
                super().do_GET()

        def translate_path(self, path: str) -> str:
            prefix = next(prefix for prefix in places if path.startswith(prefix))
            wanted = (places[prefix] / path.removeprefix(prefix).split("?")[0]).resolve()
            inside = wanted.is_relative_to(places[prefix].resolve())
            return str(wanted if inside else places[prefix] / "missing")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
