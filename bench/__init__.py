"""Benchmarks: real SIP and RTP against SIPp, the platform pinned to one core and its peers to the other."""
