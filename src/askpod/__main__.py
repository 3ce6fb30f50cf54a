"""`python -m askpod` is the same as `askpod`."""

from askpod.cli import main

if __name__ == "__main__":
    main()
