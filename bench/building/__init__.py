"""Sets of noisy-reverberant speech that can be published: audio, manifest, data card, licences, hashes."""
