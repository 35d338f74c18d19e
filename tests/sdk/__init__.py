"""The client libraries of relying sites: one set of vectors, five languages."""
