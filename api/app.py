"""The web application: every route, the layers round them, and what runs while it serves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles

from api import garbage, live
from api.access import provider_routes
from api.access import routes as access
from api.access.guards import public
from api.access.idempotency import TOKEN, Idempotent
from api.appointments import change_routes as changes
from api.appointments import routes as appointments
from api.assistant.operations import routes as assist
from api.audit import routes as audit
from api.caseload import routes as caseload
from api.channels.mail import routes as mail
from api.channels.twilio import routes as twilio
from api.channels.webchat import plan_routes as my_plan
from api.channels.webchat import routes as webchat
from api.conferences import routes as conferences
from api.console import routes as console
from api.demo import routes as demo
from api.directory import routes as directory
from api.escalations import routes as escalations
from api.evidence import routes as evidence
from api.families import routes as families
from api.messages import routes as messages
from api.ops import routes as ops
from api.ops.body_limit import BodyLimit
from api.ops.few_at_a_time import FewAtATime
from api.pages import errors
from api.pages.headers import SecurityHeaders
from api.pages.rendering import STATIC
from api.plans import action_routes as actions
from api.plans import course_routes as courses
from api.plans import routes as plans
from api.protection import data_keys
from api.reminders import routes as reminders
from api.rest import described
from api.reviews import routes as reviews
from api.safety import screen, thresholds
from api.settings import settings
from api.timescales import routes as timescales
from api.views import routes as views

#: So many bytes may come where a whole plan is sent: every line of it, in words.
LARGEST_PLAN = 2 * 1024 * 1024


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Refuse to start half-configured; listen for changes while serving."""
    settings().check()
    thresholds.in_force()
    await asyncio.to_thread(data_keys.check)
    await asyncio.to_thread(screen.warm_up)
    garbage.started()
    listening = asyncio.create_task(live.hub.run())
    yield
    listening.cancel()
    with suppress(asyncio.CancelledError):
        await listening


def create_app() -> FastAPI:
    """The application, ready for uvicorn."""
    app = FastAPI(
        title="Hearthline",
        description="The plan-tracking API of a family-support assistant. Every write takes an `Idempotency-Key`: "
        "the same key and request again within a day get the same answer, and nothing is done twice.",
        docs_url=None,  # those pages load scripts from elsewhere; /openapi.json is there for any viewer
        redoc_url=None,
        lifespan=lifespan,
    )
    pages = (
        *access.routers,
        provider_routes.router,
        *webchat.routers,
        *my_plan.routers,
        *console.routers,
        *demo.routers,
        escalations.links,
        escalations.calendars,
        appointments.calendars,
        evidence.router,
        mail.router,
    )
    rest = (
        access.api,
        families.router,
        appointments.router,
        changes.router,
        plans.router,
        courses.router,
        actions.router,
        escalations.router,
        messages.router,
        timescales.router,
        conferences.router,
        reviews.router,
        reminders.router,
        views.router,
        caseload.router,
        audit.router,
    )
    busiest_first = (twilio.router, assist.router, *pages, *rest, directory.router, ops.router)
    for router in busiest_first:
        app.include_router(router)
    app.add_api_route("/", _front_door, include_in_schema=False, dependencies=[Depends(public("it only leads on"))])
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    errors.install(app)
    described.complete(app, without=(TOKEN,))
    app.add_middleware(Idempotent)
    app.add_middleware(FewAtATime, path="/console")
    larger = dict.fromkeys(("/u/", my_plan.UPLOAD), settings().evidence_limit)
    larger |= dict.fromkeys(("/console/plans/", "/api/v1/plans/"), LARGEST_PLAN)
    app.add_middleware(BodyLimit, limit=settings().body_limit, larger=larger)
    app.add_middleware(errors.CatchAll)
    app.add_middleware(SecurityHeaders)  # the outermost: it is on every answer
    return app


def _front_door(request: Request) -> Response:
    """The address alone leads to the demo, or else to the chat."""
    return RedirectResponse("/demo" if settings().demo else "/chat", 303)
