"""What becomes of a call when a vendor fails: every vendor, fault and moment, with a fallback and without."""
