"""The page's own forms: read, and only of those who may post.

Browsers send no token with a form, so it is a field of it; `guard` has looked at all else before.
"""

from starlette.requests import Request

from exporter.access.tokens import Tokens
from exporter.web import bodies, guard


async def posted(
    request: Request, tokens: Tokens | None, *, of_device: bool = False
) -> dict[str, str]:
    """Return the fields of a form.

    With `of_device` the token of the device that it names is good enough. Raises Refusal.
    """
    form = bodies.form(await bodies.read(request))
    if tokens is not None:
        device = " ".join(form.get("device", "").split()) if of_device else None
        guard.check_token(form.get("token", "").strip(), tokens, device)
    return form
