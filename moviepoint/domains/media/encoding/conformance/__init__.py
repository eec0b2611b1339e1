"""Read a package back as a stranger would, and name every departure from RFC 8216bis and Apple's authoring rules.

It shares the readers of segments with the encoder, and nothing of what writes playlists.
"""
from __future__ import annotations

from moviepoint.domains.media.encoding.conformance.package import Programs, Report, check_package
from moviepoint.domains.media.encoding.conformance.syntax import Departure

__all__ = ["Departure", "Programs", "Report", "check_package"]
