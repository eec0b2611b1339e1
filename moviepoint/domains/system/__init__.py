"""The running system: its settings, themes, plugins and health."""
