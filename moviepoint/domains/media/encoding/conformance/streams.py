"""What is inside the renditions, by ffprobe and ffmpeg: sizes and channels as declared, and whether it decodes.

The programs read the media playlists as a player would, inside the sandbox, and see nothing but the package.
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from moviepoint.domains.media.encoding.binaries import Tools
from moviepoint.domains.media.encoding.child import GIB, Limits, Sandbox
from moviepoint.domains.media.encoding.conformance.master import MEDIA, VARIANT
from moviepoint.domains.media.encoding.conformance.syntax import Playlist, Say, Tag

LOOK_LIMITS = Limits(seconds=90, memory=3 * GIB)
DECODE_LIMITS = Limits(seconds=24 * 3600, memory=4 * GIB)
READ_HLS = ("-protocol_whitelist", "file,pipe", "-f", "hls")
SAID = 3  # lines of what a decoder complains of


def check_streams(package: Path, playlist: Playlist, tools: Tools, sandbox: Sandbox, says: Callable[[str], Say],
                  tick: Callable[[], None], decode: bool) -> None:
    """Compare RESOLUTION and CHANNELS with the streams, and decode all of them if `decode` says so.

    A playlist that is not there has been named already, and is passed over.
    """
    for tag, uri, kind in _renditions(playlist):
        if not (package / uri).is_file():
            continue
        look = _Stream(package, uri, tools, sandbox, tick)
        _declared(tag, look.describe(kind), kind, says(uri))
        for line in look.decode(kind) if decode else []:
            says(uri)("decoding", line)


def _renditions(playlist: Playlist) -> Iterator[tuple[Tag, str, str]]:
    """Each media playlist of pictures and of sound, once: its tag, address and kind of stream."""
    seen = set()
    sounds = [tag for tag in playlist.named(MEDIA) if tag.attributes().get("TYPE") == "AUDIO"]
    for tag, uri, kind in [*((tag, tag.uri, "v") for tag in playlist.named(VARIANT)),
                           *((tag, tag.attributes().get("URI", ""), "a") for tag in sounds)]:
        if uri and uri not in seen:
            seen.add(uri)
            yield tag, uri, kind


def _declared(tag: Tag, stream: dict[str, Any], kind: str, say: Say) -> None:
    if not stream:
        say("streams", "holds no stream that can be read")
        return
    name, measured = (("RESOLUTION", f"{stream.get('width')}x{stream.get('height')}") if kind == "v" else
                      ("CHANNELS", str(stream.get("channels"))))
    said = tag.attributes().get(name, "")
    if said and said.partition("/")[0] != measured:
        say(name.lower(), f"has {name}={said}, and {measured} measured")


class _Stream:
    """One rendition, read by programs through its playlist."""

    def __init__(self, package: Path, uri: str, tools: Tools, sandbox: Sandbox, tick: Callable[[], None]) -> None:
        self._package, self._uri, self._tools, self._sandbox, self._tick = package, uri, tools, sandbox, tick

    def describe(self, kind: str) -> dict[str, Any]:
        """Return ffprobe's description of the rendition's stream; empty where there is none."""
        outcome = self._sandbox.run(
            self._tools.ffprobe,
            lambda name: ["-v", "error", *READ_HLS, "-select_streams", f"{kind}:0", "-show_streams", "-of", "json",
                          "-i", f"{name}/{self._uri}"],
            source=self._package, limits=LOOK_LIMITS, watch=lambda _progress: self._tick())
        try:
            streams: list[dict[str, Any]] = msgspec.json.decode(outcome.output or b"{}").get("streams", [])
        except msgspec.DecodeError:
            return {}
        return streams[0] if streams else {}

    def decode(self, kind: str) -> list[str]:
        """Decode the whole rendition; return what the decoder complained of, the first lines."""
        outcome = self._sandbox.run(
            self._tools.ffmpeg,
            lambda name: ["-hide_banner", "-nostdin", "-v", "error", *READ_HLS, "-i", f"{name}/{self._uri}", "-map",
                          f"0:{kind}:0", "-progress", "pipe:1", "-f", "null", "-"],
            source=self._package, limits=DECODE_LIMITS, watch=lambda _progress: self._tick(), keep_output=False)
        lines = [line for line in outcome.log.splitlines() if line.strip()]
        if outcome.status and not lines:
            lines = [f"ffmpeg ended with {outcome.status}"]
        return lines[:SAID]
