"""Who did what: a chain in which no entry can be changed, moved or taken out unseen."""

from limner.serve.audit.chain import append, entry_hash

__all__ = ["append", "entry_hash"]
