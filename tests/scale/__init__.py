"""How codecbench scales: measured on this machine, and simulated past it. Run by ``python -m tests.scale``."""
