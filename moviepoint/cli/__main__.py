"""`python -m moviepoint.cli`: the command line without manage.py's setting up."""
from __future__ import annotations

from moviepoint.cli import main

main()
