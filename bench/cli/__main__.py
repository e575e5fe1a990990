"""``python -m bench.cli``: the command line without its script."""

from bench.cli.app import main

if __name__ == "__main__":
    main()
