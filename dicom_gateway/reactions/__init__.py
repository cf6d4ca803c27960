"""What the worker does with studies, and with what is written about their patients and orders."""
