"""From a question to passages: search, and what makes a list of hits worth reading."""
