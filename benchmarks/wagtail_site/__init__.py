"""The same films as a Wagtail site, as its guide would have it: what `benchmarks/pages.py` compares with."""
