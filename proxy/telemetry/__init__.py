"""What happened, in the words of those who watch."""
