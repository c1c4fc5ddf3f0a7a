"""The commands `trailseal risk`; each module adds its own."""

import typer

risk_app = typer.Typer(no_args_is_help=True, help="Which shipments need somebody today, and why.")
