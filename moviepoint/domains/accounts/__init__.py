"""Users, roles, permissions: who somebody is and what they may do."""
