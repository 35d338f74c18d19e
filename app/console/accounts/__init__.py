"""Operators' accounts: passwords, second factors, sessions, links; no web here."""
