"""``python -m whalecore``."""

from whalecore.cli import main

if __name__ == "__main__":
    main(prog_name="python -m whalecore")
