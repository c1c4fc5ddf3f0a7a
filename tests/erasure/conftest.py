"""A consortium on a chain for each module, and an API for tests that need none."""

from tests.trails.conftest import running  # noqa: F401
