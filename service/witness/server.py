"""A witness's checkpoints and alarms over HTTP, to be collected by anybody; it only reads."""

from aiohttp import web

from service.witness.alarms import Alarms
from service.witness.figures import Figures
from service.witness.journal import Journal

PAGE = 1000
"""Most checkpoints in one answer."""
_HIGHEST = 2**53 - 1


def app(journal: Journal, alarms: Alarms, figures: Figures) -> web.Application:
    """`GET /checkpoints?after=N`, `/checkpoints/N`, `/alarms`, `/livez` and `/metrics`."""

    async def checkpoints(request: web.Request) -> web.Response:
        after = _number(request.query.get("after", "-1"))
        if after is None:
            raise web.HTTPBadRequest(text="after is the number of a block: /checkpoints?after=1200\n")
        return _lines(journal.after(after, PAGE))

    async def checkpoint(request: web.Request) -> web.Response:
        number = _number(request.match_info["number"])
        found = journal.before(number) if number is not None and number >= 0 else None
        if found is None or found.checkpoint.number != number:
            raise web.HTTPNotFound(text="this witness has not signed that block; see /checkpoints?after=N\n")
        return _lines(found.line())

    async def alarmed(_: web.Request) -> web.Response:
        return _lines(alarms.read())

    async def lives(_: web.Request) -> web.Response:
        standing = alarms.standing()
        return web.json_response({"witness": f"0x{journal.witness.hex()}", "alarm": standing and standing["kind"]})

    async def measured(_: web.Request) -> web.Response:
        return web.Response(body=figures.page(), headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

    served = web.Application(client_max_size=1024)
    served.router.add_get("/checkpoints", checkpoints)
    served.router.add_get("/checkpoints/{number}", checkpoint)
    served.router.add_get("/alarms", alarmed)
    served.router.add_get("/livez", lives)
    served.router.add_get("/metrics", measured)
    return served


def _lines(lines: bytes) -> web.Response:
    return web.Response(body=lines, content_type="application/jsonl", headers={"X-Content-Type-Options": "nosniff"})


def _number(text: str) -> int | None:
    """The number in the text, -1 upwards; None where it is none."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 16:
        return None
    return number if -1 <= (number := int(text)) <= _HIGHEST else None
