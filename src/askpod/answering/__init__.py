"""From passages to an answer whose every statement has a citation, or to a refusal."""
