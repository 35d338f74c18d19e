"""The trust edge: what a link says, who signed it, and the signature under the answer."""
