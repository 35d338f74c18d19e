"""Builds the open model pack: published packages in, pinned model files out. Not used while serving."""
