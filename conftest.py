"""All tests, the core's and the plugins', share the fixtures that plugin authors get too."""
from __future__ import annotations

import hypothesis

pytest_plugins = ["moviepoint.testing"]

# A shared and noisy machine: how long an example takes says nothing of the code.
hypothesis.settings.register_profile("moviepoint", deadline=None)
hypothesis.settings.load_profile("moviepoint")
