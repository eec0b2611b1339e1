# What contributors run often; the rest is in ./manage.py.
.PHONY: test lint lock messages chaos

test:
	./manage.py test

lint:
	.venv/bin/ruff check . && .venv/bin/mypy && .venv/bin/lint-imports

lock:
	uv pip compile --python-version 3.11 --generate-hashes --no-header -q -o requirements/base.txt requirements/base.in
	uv pip compile --python-version 3.11 --generate-hashes --no-header -q -c requirements/base.txt -o requirements/dev.txt requirements/dev.in
	uv pip compile --python-version 3.11 --generate-hashes --no-header -q -o requirements/ffmpeg.txt requirements/ffmpeg.in

messages:
	.venv/bin/pybabel extract -F babel.cfg -k lazy_gettext -k sentence -o /tmp/messages.pot .
	.venv/bin/pybabel update -i /tmp/messages.pot -d translations --no-fuzzy-matching

# Disasters at their full length: twenty kills, thirty seconds without a database, a real lease that runs out.
chaos:
	MOVIEPOINT_TEST_LONG=1 .venv/bin/python -m pytest -q -n0 tests/chaos
