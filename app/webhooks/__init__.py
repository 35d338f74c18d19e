"""Events to relying sites: Standard Webhooks, from the outbox to a log of every try."""
