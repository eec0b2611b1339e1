"""The demonstration: a real film with two dubs, and a catalogue of old ones, entered as an editor would."""
