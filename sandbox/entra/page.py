"""The pages of Entra: signing in, consenting, approving for an organisation, signing out."""

import secrets
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sandbox.directory import Person, Tenant
from sandbox.entra import admin_consent
from sandbox.entra.attending import correlation
from sandbox.entra.authority import Authority, authority_of
from sandbox.entra.authorize import Asked, Reply, accept, asked_for, declined, reply_of, silently
from sandbox.entra.permissions import DELEGATED, OIDC
from sandbox.entra.refusals import Refusal, Shown
from sandbox.html import page
from sandbox.world import World

SESSION = "ESTSAUTH"
LISTED = 12


def authority(world: World, request: Request) -> Authority:
    try:
        return authority_of(world, request)
    except Refusal as refusal:
        raise Shown.of(refusal) from None


@dataclass(frozen=True)
class SigningIn:
    """The authorize endpoint: GET shows the page, its form comes back by POST."""

    world: World

    async def __call__(self, request: Request) -> Response:
        app, reply = reply_of(self.world, authority(self.world, request), request.query_params)
        try:
            asked = asked_for(app, authority(self.world, request), reply, request.query_params)
            if request.method == "POST":
                return await self._answered(request, asked)
            if asked.prompt == "none":
                code = silently(self.world, asked, self._signed_in(request))
                return send_back(reply, {"code": code})
            return self._page(request, asked)
        except Shown:
            raise
        except Refusal as refusal:
            told = refusal.callback(at=self.world.now(), correlation_id=correlation(request))
            return send_back(reply, told)

    async def _answered(self, request: Request, asked: Asked) -> Response:
        form = await request.form()
        if form.get("decision") != "accept":
            raise declined(asked.app)
        person = self.world.person(str(form.get("other") or form.get("person") or ""))
        if person is None:
            return self._page(
                request, asked, problem="There is no such account. Choose one, or type its address."
            )
        ticked = frozenset(str(tick) for tick in form.getlist("scope"))
        code = accept(self.world, asked, person, ticked=ticked)
        session = secrets.token_urlsafe(32)
        self.world.commit("session.began", {"value": session, "oid": person.oid})
        answer = send_back(asked.reply, {"code": code, "session_state": str(uuid.uuid4())})
        answer.set_cookie(SESSION, session, httponly=True, samesite="lax", path="/")
        return answer

    def _page(self, request: Request, asked: Asked, *, problem: str | None = None) -> Response:
        here = [p for p in self.world.directory.people.values() if asked.authority.admits(p.tenant_id)]
        hinted = self.world.person(asked.login_hint or "")
        chosen = hinted or self._signed_in(request)
        known = self.world.grants.consents.get((chosen.oid, asked.app.client_id), ()) if chosen else ()
        return page(
            "sign_in.html",
            status=400 if problem else 200,
            app=asked.app,
            action=f"{request.url.path}?{request.url.query}",
            people=_first(here, chosen),
            chosen=chosen,
            hint=asked.login_hint,
            ticks=[(name, (DELEGATED | OIDC)[name], name in known) for name in asked.ticks],
            problem=problem,
        )

    def _signed_in(self, request: Request) -> Person | None:
        oid = self.world.grants.sessions.get(request.cookies.get(SESSION, ""))
        return self.world.directory.people.get(oid) if oid else None


@dataclass(frozen=True)
class Approving:
    """The adminconsent endpoint, for somebody who may speak for the organisation."""

    world: World
    first_version: bool

    async def __call__(self, request: Request) -> Response:
        asked = admin_consent.petition(
            self.world, authority(self.world, request), request.query_params, first_version=self.first_version
        )
        reply = Reply(asked.redirect_uri, "query", asked.state)
        if request.method != "POST":
            return self._page(request, asked)
        form = await request.form()
        if form.get("decision") != "accept":
            return send_back(reply, admin_consent.decline(self.world, asked))
        tenant = self._tenant(asked, str(form.get("tenant") or ""), str(form.get("person") or ""))
        if tenant is None:
            return self._page(request, asked, problem="Say for which organisation.")
        return send_back(reply, admin_consent.approve(self.world, asked, tenant))

    def _tenant(self, asked: admin_consent.Petition, name: str, person_name: str) -> Tenant | None:
        person = self.world.person(person_name)
        if person is not None:
            return self.world.directory.tenants[person.tenant_id]
        return asked.authority.tenant or (self.world.directory.tenant(name) if name else None)

    def _page(
        self, request: Request, asked: admin_consent.Petition, *, problem: str | None = None
    ) -> Response:
        return page(
            "admin_consent.html",
            status=400 if problem else 200,
            app=asked.app,
            action=f"{request.url.path}?{request.url.query}",
            tenant=asked.authority.tenant,
            scopes=[(name, (DELEGATED | OIDC)[name]) for name in sorted(asked.scopes)],
            roles=sorted(asked.roles),
            problem=problem,
        )


@dataclass(frozen=True)
class SigningOut:
    world: World

    async def __call__(self, request: Request) -> Response:
        authority(self.world, request)
        back = request.query_params.get("post_logout_redirect_uri")
        registered = back and any(back in app.redirect_uris for app in self.world.directory.apps.values())
        answer = RedirectResponse(back, 302) if back and registered else page("signed_out.html")
        answer.delete_cookie(SESSION, path="/")
        return answer


def send_back(reply: Reply, told: dict[str, str]) -> Response:
    """Send the browser back to the application, in the response mode it asked for."""
    told = told if reply.state is None else told | {"state": reply.state}
    if reply.mode == "form_post":
        return page("form_post.html", action=reply.redirect_uri, fields=told)
    mark = "#" if reply.mode == "fragment" else "&" if "?" in reply.redirect_uri else "?"
    return RedirectResponse(
        f"{reply.redirect_uri}{mark}{urlencode(told)}", 302, {"Cache-Control": "no-store"}
    )


def _first(people: list[Person], chosen: Person | None) -> list[Person]:
    """Return the accounts worth showing: the hinted one, then the first ones made."""
    others = [person for person in people[:LISTED] if person != chosen]
    return [chosen, *others] if chosen else others
