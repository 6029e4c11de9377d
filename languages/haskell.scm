[(import) (header)] @statement
