"""Search of a collection 1:N: one interface, one engine for each kind of database."""
