"""How well the platform takes turns on the telephone: labelled calls, played to it and measured on the wire."""
