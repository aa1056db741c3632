"""The proof: what the product promises, written so that it can fail."""
