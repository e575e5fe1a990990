"""What is wrong with a reference: pure functions of audio. Nothing here knows files, clips or runs."""
