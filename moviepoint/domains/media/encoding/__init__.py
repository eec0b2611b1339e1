"""The encoding engine: from a file that somebody uploaded to segments, playlists and what was measured of them.

It knows neither the database nor the web: it takes paths and plain values, and gives back plain values.
"""
