"""The page's own forms: read, and only of those who may post.

Browsers send no token with a form, so it is a field of it; `guard` has looked at all else before.
"""

from starlette.requests import Request

from exporter.access.tokens import Owner, Tokens
from exporter.web import bodies, guard


async def posted(request: Request, tokens: Tokens | None) -> dict[str, str]:
    """Return the fields of a form. Raises Refusal."""
    form = bodies.form(await bodies.read(request))
    if tokens is not None:
        guard.check_token(form.get("token", "").strip(), tokens)
    return form


async def reported(request: Request, tokens: Tokens | None) -> tuple[dict[str, str], Owner]:
    """Return the fields of a form, and who reports by it: the device that it names is enough.

    Raises Refusal.
    """
    form = bodies.form(await bodies.read(request))
    if tokens is None:
        return form, guard.ANYBODY
    device = " ".join(form.get("device", "").split())
    return form, guard.check_token(form.get("token", "").strip(), tokens, device)
