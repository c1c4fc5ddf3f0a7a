"""`python -m service.cli` is `trailseal`."""

from service.cli import main

main()
