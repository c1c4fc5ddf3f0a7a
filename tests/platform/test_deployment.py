"""What is installed and deployed: locks, image and compose file say the same, and none of them holds a secret."""

import re
import shutil
import stat
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from service.cli import app
from service.config import PREFIX, Settings

CHECKOUT = Path(__file__).parents[2]
COMPOSE = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text())
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["project"]
SERVICES: dict[str, Any] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if service["image"] == "trailseal"}


def locked(name: str) -> dict[str, str]:
    text = (CHECKOUT / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+) \\$", text, re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    return {re.split(r"[\[<>=!~; ]", requirement)[0] for requirement in requirements}


def test_every_dependency_is_locked_with_hashes_but_torch() -> None:
    extras = [each for extra in PROJECT["optional-dependencies"].values() for each in extra]
    assert names(PROJECT["dependencies"]) - locked("requirements.txt").keys() == {"torch"}
    assert names([*PROJECT["dependencies"], *extras]) - locked("requirements-dev.txt").keys() == {"torch"}
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-node.txt"])
def test_a_lock_names_no_address_and_hashes_each_package(name: str) -> None:
    text = (CHECKOUT / name).read_text()
    assert "://" not in text
    assert "--index" not in text
    blocks = re.split(r"^(?=[a-z0-9-]+==)", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == len(locked(name)) > 0
    assert all("--hash=sha256:" in block for block in blocks)


def test_torch_is_the_same_version_wherever_it_is_installed() -> None:
    [version] = [each.removeprefix("torch==") for each in PROJECT["dependencies"] if each.startswith("torch")]
    assert f"\nTORCH := {version}\n" in (CHECKOUT / "Makefile").read_text()
    assert f"\nARG TORCH={version}\n" in (CHECKOUT / "Dockerfile").read_text()


def test_every_command_of_the_compose_file_exists() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    used = {service["command"][0] for service in OWN.values()} - {"--help"}
    assert used
    assert used <= commands


def test_every_setting_of_the_compose_file_exists_and_no_required_one_is_missing() -> None:
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    required = {PREFIX + name.upper() for name, field in Settings.model_fields.items() if field.is_required()}
    for name, service in OWN.items():
        if name != "witness":
            assert required <= service["environment"].keys() <= known


def test_a_witness_is_told_no_secret_of_the_service_and_reaches_only_the_chain() -> None:
    assert "environment" not in SERVICES["witness"]
    assert SERVICES["witness"]["networks"] == ["chain"]


def test_no_secret_has_a_default() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text()
    for name in re.findall(r"\$\{(\w*(?:PASSWORD|SECRET|KEY)\w*)", text):
        assert re.search(rf"\$\{{{name}:\?", text), name
        assert not re.search(rf"\$\{{{name}(:?-|\}})", text), name
    example = (CHECKOUT / "deploy" / "env.example").read_text()
    assert not re.search(r"^\w+=.+$", example, re.MULTILINE)


def test_only_the_founding_of_the_chain_is_root_and_it_ends_and_has_no_network() -> None:
    roots = {name for name, service in SERVICES.items() if str(service.get("user", "")).startswith(("0", "root"))}
    assert roots == {"founding"}
    assert SERVICES["founding"]["network_mode"] == "none"
    assert SERVICES["founding"]["restart"] == "no"
    assert re.search(r"^USER 10001$", (CHECKOUT / "Dockerfile").read_text(), re.MULTILINE)
    for name, service in SERVICES.items():
        assert service["cap_drop"] == ["ALL"], name
        assert name == "founding" or service["read_only"], name


def test_only_the_api_is_published_and_only_to_this_machine() -> None:
    assert {name: service["ports"] for name, service in SERVICES.items() if "ports" in service} == {
        "api": ["127.0.0.1:8000:8000"]
    }


def test_a_validator_sees_no_key_but_its_own() -> None:
    for number in range(1, 5):
        volumes = SERVICES[f"validator-{number}"]["volumes"]
        assert [each for each in volumes if each.startswith("chain-")] == [f"chain-{number}:/data"]


def test_new_secrets_are_private_fit_the_settings_and_are_never_overwritten(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "deploy", tmp_path / "deploy")
    command = [str(tmp_path / "deploy" / "new-env"), "full"]
    subprocess.run(command, check=True, capture_output=True)
    written = tmp_path / ".env"
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    lines = [line.split("=", 1) for line in written.read_text().splitlines() if "=" in line and line[0] != "#"]
    values = dict(lines)
    assert values["COMPOSE_PROFILES"] == "full"
    Settings.from_environment({**values, "TRAILSEAL_DATABASE_URL": "postgresql://localhost/trailseal"})
    assert values["TRAILSEAL_RISK_PARTY"] == "", "an identifier, not a secret"
    drawn = [v for name, v in values.items() if v and name.startswith(("TRAILSEAL_", "POSTGRES_"))]
    assert len(set(drawn)) == 5
    again = subprocess.run(command, check=False, capture_output=True)
    assert again.returncode != 0
    assert dict(line.split("=", 1) for line in written.read_text().splitlines() if line[:1].isupper()) == values
