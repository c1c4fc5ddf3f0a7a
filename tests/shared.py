"""Where the test material that others made lies: the folder `shared` beside the repository.

None of it is part of the project, so a test that wants a missing file skips and says why.
"""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def shared(*parts: str) -> Path:
    """The path of shared test material; skips the calling test (or module) where it is absent."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"shared test material {'/'.join(parts)} is not present", allow_module_level=True)
    return path
