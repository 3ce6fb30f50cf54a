"""`askpod`, and `python -m askpod`."""

import signal


def main() -> None:
    """Runs the command line. Until it is there, Ctrl-C ends the process without a traceback."""
    handler = signal.getsignal(signal.SIGINT)
    if handler is signal.default_int_handler:  # else who started it has it ignored
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from askpod.cli import main as run

    signal.signal(signal.SIGINT, handler)
    run()


if __name__ == "__main__":
    main()
