"""Collections of enrolled faces: protected templates, exact search, enrolment and calibrated thresholds."""
