"""Simulated people, attackers and cameras that play whole attempts, to learn how often a verdict is wrong."""
