"""Who did what: a chain in which no entry can be changed, moved or taken out unseen."""

from limner.serve.audit.anchor import Anchor, AnchorKeeper, read_anchor
from limner.serve.audit.chain import append, entry_hash
from limner.serve.audit.verify import Break, Verdict, verify

__all__ = ["Anchor", "AnchorKeeper", "Break", "Verdict", "append", "entry_hash", "read_anchor", "verify"]
