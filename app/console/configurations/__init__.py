"""Editing configurations: what each setting means, drafts, versions, templates, links to try; no web here."""
