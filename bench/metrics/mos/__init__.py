"""Predictors of listeners' opinions of speech: trained networks, one module for each family."""
