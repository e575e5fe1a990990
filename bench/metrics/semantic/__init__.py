"""What is said and who says it: metrics that need trained networks."""
