"""Messages that leave the house: by email, and by SMS through a gateway. See README.md."""
