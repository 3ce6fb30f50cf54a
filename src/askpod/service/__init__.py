"""What all clients of a model's service share: address, key, connection, patience, and words."""
