"""HEAD wherever there is GET (RFC 9110, 9.3.2); servers leave the body out."""

from fastapi import APIRouter
from fastapi.routing import APIRoute


def with_heads(router: APIRouter) -> APIRouter:
    """The router, which answers HEAD as GET from now on; OpenAPI does not list it a second time."""
    for route in [*router.routes]:
        if isinstance(route, APIRoute) and route.methods == {"GET"}:
            router.add_api_route(
                route.path.removeprefix(router.prefix),
                route.endpoint,
                methods=["HEAD"],
                response_class=route.response_class,
                dependencies=route.dependencies,
                name=f"head of {route.name}",
                include_in_schema=False,
            )
    return router
