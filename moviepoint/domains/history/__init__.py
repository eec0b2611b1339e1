"""Who wrote what and when: a revision for every write, and the way back to an earlier state."""
