"""Two Patients become one, and two again: what each record then says. Pure."""
