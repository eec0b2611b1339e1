"""Search in what is said: an index of subtitle cues of its own, and the lines that are found in it."""
