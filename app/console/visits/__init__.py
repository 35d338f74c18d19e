"""Sessions for operators: found quickly, shown with all the numbers that decided; no web here."""
