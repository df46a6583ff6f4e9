"""What a run tells of the calls it makes: tokens, seconds, errors."""
