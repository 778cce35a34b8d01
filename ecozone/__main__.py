"""``python -m ecozone``."""

from ecozone.cli import main

if __name__ == "__main__":
    main()
