"""The simulated person: one photo made into a head that turns, for tests and for the sandbox."""
