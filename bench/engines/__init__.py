"""Where jobs run. Every engine yields the same events, so that every engine gives the same tables."""
