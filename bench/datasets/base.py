"""What loaders share (the datasets branch brings the real one)."""
