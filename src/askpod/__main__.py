"""`askpod`, and `python -m askpod`."""

import atexit
import gc
import signal


def main() -> None:
    """Runs the command line. Until it is there, Ctrl-C ends the process without a traceback."""
    # At its end Python would look through all modules for garbage: a tenth of a cold `ask`.
    atexit.register(gc.freeze)
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # else who started it has it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from askpod.cli import main as run

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
