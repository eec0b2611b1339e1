"""A film is encoded again in another segment format: dubs from files of their own follow, for DASH plays one only."""
from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from moviepoint.domains.media import playback, services
from moviepoint.domains.media.dash import NAMESPACE
from moviepoint.domains.media.encoding.naming import Intent
from moviepoint.domains.media.encoding.profiles import Profile, RungSpec
from moviepoint.domains.media.models import SourceAsset
from moviepoint.domains.media.profiles import Offer
from moviepoint.kernel.db import db, unit_of_work
from moviepoint.kernel.policies import SYSTEM
from tests.functional.media.adding import add
from tests.functional.media.house import House, drain

TS = Profile(rungs=(RungSpec(90, 200, 30),), preset="ultrafast")
CMAF = Profile(rungs=(RungSpec(90, 200, 30),), preset="ultrafast", segments="fmp4")


def again(house: House, job_id: int, profile: Profile) -> None:
    """Encode a job's film again as a profile says."""
    with unit_of_work() as session:
        services.start_job(session, SYSTEM, house.job(job_id).source_id, offer=Offer("t", "T", profile, True, False))
    drain(house)


def named_files(house: House, job_id: int) -> dict[str, list[bool]]:
    """Whether what the DASH manifest names is there, by what it calls a representation."""
    edition = playback.load_edition(db.session(), house.edition(job_id).public_id)
    folder, found = house.storage.path(edition.package), {}
    for node in Xml.fromstring(playback.manifest(edition, house.storage)).iter(f"{{{NAMESPACE}}}Representation"):
        template = node.find(f"{{{NAMESPACE}}}SegmentTemplate")
        assert template is not None
        names = [template.get("initialization"), template.get("media", "").replace("$Number%04d$", "0000")]
        found[node.get("id", "")] = [(folder / name).is_file() for name in names if name]
    return found


@pytest.mark.parametrize("kept", [True, False])
def test_dubs_are_made_anew_in_the_films_format(house: House, short: Path, words: Path, kept: bool) -> None:
    job_id = house.publish(short, TS)
    added = add(house, house.edition(job_id).id, words, Intent("audio", "de", "dub"))
    drain(house)
    with unit_of_work() as session:
        session.get_one(SourceAsset, house.job(added).source_id).kept = kept
    again(house, job_id, CMAF)
    row = house.edition(job_id).audio[-1]
    found = named_files(house, job_id)
    assert all(all(there) for there in found.values())
    assert (row.language, row.hidden, row.path in found) == ("de", False, kept)
    assert row.note == ("" if kept else "other-format")
    again(house, job_id, TS)
    assert house.edition(job_id).audio[-1].note == ""
