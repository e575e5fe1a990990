"""Quality over measured bitrate: what one codec saves against another, and who is on the front."""
