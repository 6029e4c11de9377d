(import) @statement
