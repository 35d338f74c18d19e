"""Measures the models on labelled pictures and makes calibrations; nothing here runs while serving."""
