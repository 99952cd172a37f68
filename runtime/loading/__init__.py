"""Files to definitions: loading, reloading what changed, and the forms that set up a namespace."""
