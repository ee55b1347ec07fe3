"""The application: routers by audience, errors as problems, and the live hubs, all on the things that it is given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from starlette.middleware.gzip import GZipMiddleware

from api import problems
from api.assets import Assets
from api.deps import Deps
from api.feed import Changed
from api.health import read_places
from api.metrics import Metrics
from api.middleware import Bounded, Careful
from api.routers import (
    alerts,
    base_map,
    board,
    customer,
    dead_letters,
    devices,
    devices_access,
    operations,
    pages,
    plan_sheet,
    registry,
    rules,
    sites,
    staff_stream,
    timeliness,
    visits,
    workers,
)

LEAST_GZIP = 1_000
GZIP_LEVEL = 5
"""A board of 200 visits packs to a tenth in 2 ms; higher levels cost more than they save."""


def create_app(deps: Deps, version: str = "0.1.0") -> FastAPI:
    """The API on these things; its lifespan opens and closes the database pool and runs the hubs."""
    app = FastAPI(
        title="Doorstep",
        version=version,
        description="Home-service visits made visible, measured and correctable while they happen.",
        lifespan=_lifespan,
        docs_url=None,  # its page would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    metrics = Metrics(lambda: read_places(deps.database), lambda: deps.streams, lambda: deps.frames)
    app.state.deps, app.state.metrics, app.state.assets = deps, metrics, Assets(deps.pages)
    for module in (
        registry,
        sites,
        plan_sheet,
        board,
        staff_stream,
        visits,
        workers,
        devices,
        devices_access,
        alerts,
        rules,
        timeliness,
        customer,
        dead_letters,
        operations,
        base_map,
        pages,
    ):
        app.include_router(module.router)
    problems.install(app)
    app.add_middleware(Bounded, most_bytes=deps.options.body_most)
    app.add_middleware(GZipMiddleware, minimum_size=LEAST_GZIP, compresslevel=GZIP_LEVEL)
    app.add_middleware(Careful, metrics=metrics)
    app.openapi = lambda: _openapi(app)  # type: ignore[method-assign]
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    deps: Deps = app.state.deps
    deps.database.open()
    running = (deps.hub.run(), deps.staff_hub.run(), deps.listen(deps.on_moved, deps.on_gap))
    tasks = [asyncio.create_task(role) for role in running]
    try:
        yield
    finally:
        deps.close_streams()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        deps.database.close()


def _openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        problems.describe(made)
        problems.add_shape(made, Changed)
        app.openapi_schema = made
    return app.openapi_schema
