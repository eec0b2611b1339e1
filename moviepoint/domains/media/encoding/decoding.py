"""Decode what was made, to nothing: whether what was counted in the containers is a picture, or sound.

Frames are counted in every segment, and all rungs come from one process. So all keyframes of a rung are decoded, at a
small part of what decoding it all would take, and single segments whole. A word of the decoder's is a fault.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import GIB, Limits, Sandbox
from moviepoint.domains.media.encoding.fragments import INIT
from moviepoint.domains.media.encoding.segments import DEMUXERS, FMP4, SUFFIXES, SegmentFormat, segment_name

STRICT = ("-hide_banner", "-nostdin", "-v", "error", "-xerror", "-err_detect", "explode")
LEAST_SECONDS, MEMORY = 300.0, 4 * GIB


class Decoder:
    """Decodes renditions of one package; `alive` is called while it does, and may raise to end the work."""

    def __init__(self, package: Path, tools: Tools, sandbox: Sandbox, alive: Callable[[], None]) -> None:
        self._package, self._tools, self._sandbox, self._alive = package, tools, sandbox, alive

    def keyframes(self, name: str, seconds: float) -> bool:
        """Whether all keyframes of a rendition of a length decode, read by its playlist."""
        return self._decodes(lambda source: [
            *STRICT, "-skip_frame", "nokey", "-protocol_whitelist", "file,pipe", "-f", "hls", "-i",
            f"{source}/{name}.m3u8", "-f", "null", "-"], self._package, seconds)

    def whole(self, name: str, form: SegmentFormat, numbers: set[int]) -> bool:
        """Whether all of some segments decodes; in one process, for the start of one takes as long as they do."""
        def arguments(source: str) -> list[str]:
            folder = f"{source}/{name}"
            begin = f"concat:{folder}/{INIT}|" if form == FMP4 else ""
            inputs = [["-protocol_whitelist", "file,concat", "-f", DEMUXERS[form], "-i",
                       f"{begin}{folder}/{segment_name(number, SUFFIXES[form])}"] for number in sorted(numbers)]
            maps = [["-map", str(place)] for place in range(len(inputs))]
            return [*STRICT, *chain(*inputs), *chain(*maps), "-f", "null", "-"]
        return self._decodes(arguments, self._package)

    def _decodes(self, arguments: Callable[[str], Sequence[str]], source: Path, seconds: float = 0.0) -> bool:
        outcome = self._sandbox.run(self._tools.ffmpeg, arguments, source=source, watch=lambda _progress: self._alive(),
                                    limits=Limits(seconds=max(LEAST_SECONDS, seconds), memory=MEMORY))
        return not outcome.status and not outcome.log.strip()
