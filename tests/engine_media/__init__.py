"""The live call's shells: media, models, recording, sessions."""
