"""What all HTTP clients share: addresses and keys, guarded responses, error messages, retries."""
