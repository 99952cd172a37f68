"""A program's state as bytes for a later process: `codec` writes values, `merging` puts them back."""
