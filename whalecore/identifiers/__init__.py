"""Networks that name an individual, their training and their files."""
