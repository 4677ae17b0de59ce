"""Graph over HTTP: Starlette's request in, Graph's answer out."""

from datetime import UTC, datetime

from starlette.requests import Request
from starlette.responses import Response

from sandbox.errors import GraphError
from sandbox.faults import Answer, ConnectionDroppedError, Drop, Latency
from sandbox.graph.batch import Batch, items_of
from sandbox.graph.errors import method_not_allowed
from sandbox.graph.front import DROPPED, Front, finished, refused
from sandbox.graph.wire import VERSION, Call, Reply, pairs_of, segments_of
from sandbox.world import AccessToken, World

# Stands in a call until its token has been looked at.
UNKNOWN = AccessToken(
    value="",
    person=None,
    app_id="",
    tenant_id="",
    scopes=frozenset(),
    roles=frozenset(),
    expires_at=datetime.min.replace(tzinfo=UTC),
)


class Door:
    def __init__(self, world: World, front: Front) -> None:
        self.world, self.front = world, front

    async def answer(self, request: Request) -> Response:
        call = await self._call(request)
        try:
            call.token = self.world.bearer(request.headers.get("authorization"))
        except GraphError as error:
            reply = refused(call, error, at=self.world)
            self.front.note(call, status=reply.status, seq=self.world.journal.next_seq())
        else:
            batch = [part.lower() for part in call.segments] == ["$batch"]
            reply = await (self._batch(call) if batch else self.front.answer(call))
        return Response(reply.body, reply.status, dict(reply.headers))

    async def _call(self, request: Request) -> Call:
        raw = request.scope.get("raw_path", request.url.path.encode()).decode("latin-1").partition("?")[0]
        names = {name.lower() for name in request.headers}
        return Call(
            method=request.method,
            path=request.scope["path"],
            segments=segments_of(raw),
            pairs=pairs_of(request.url.query),
            # Several Prefer headers mean the same as one with commas.
            headers={name: ", ".join(request.headers.getlist(name)) for name in names},
            body=await request.body(),
            root=f"{request.url.scheme}://{request.headers.get('host', request.url.netloc)}{VERSION}",
            token=UNKNOWN,
        )

    async def _batch(self, call: Call) -> Reply:
        """Answer a ``$batch``: faults and the journal know it and each of its items."""
        seq, status = self.world.journal.next_seq(), DROPPED
        call.person = call.token.person
        mail = call.person.mail if call.person else None
        try:
            if call.method != "POST":
                raise method_not_allowed("POST")
            kinds = (Answer, Latency, Drop)
            drops = await self.world.faults.meet(
                method="POST", path=call.path, mail=mail, kinds=kinds, wait=False
            )
            if any(isinstance(effect, Drop) and effect.drop == "before_commit" for effect in drops):
                raise ConnectionDroppedError
            reply = finished(call, await Batch(self.front, call, seq).answer(items_of(call.document())))
            if drops:
                raise ConnectionDroppedError
            status = reply.status
        except GraphError as error:
            reply = refused(call, error, at=self.world)
            status = reply.status
        finally:
            self.front.note(call, status=status, seq=seq)
        return reply
