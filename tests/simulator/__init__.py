"""Simulated people, cameras and attacks; for tests only."""
