"""The deterministic dialogue engine: it replays a history through a script and says what comes next. It is no LLM."""
