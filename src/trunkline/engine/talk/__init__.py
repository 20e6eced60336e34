"""The parts of a conversation: each keeps one concern of the talk and writes its effects on the shared desk."""
