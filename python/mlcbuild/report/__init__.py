"""Reports: one result object, many forms."""
